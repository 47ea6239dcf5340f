//! The client: epochs of random concurrency, in which coroutines call and stall.

use core::cell::{Cell, RefCell};
use core::pin::pin;

use rel4_runtime::channel::{Client, Message};
use rel4_runtime::executor::{Coroutines, Executor, ReadyQueue};
use rel4_runtime::ipc::tag;
use rel4_runtime::process::{self, Start};

use super::fault::{Bell, Fault, WHEN};
use super::numbers::Numbers;
use super::progress::Progress;
use super::settings::Settings;
use super::stall::{Restless, stall};
use super::token::{answer, token};
use super::{ACCOUNT, WORK};
use crate::pair::{self, CAPACITY, Channel, Idle, Idler};

/// The most calls of an epoch.
const EPOCH: u64 = 512;

/// What the coroutines share.
struct Caller<'a, 'm> {
    client: &'a Client<'m, Bell, CAPACITY>,
    settings: &'a Settings,
    numbers: &'a RefCell<Numbers>,
    progress: Progress<'a>,
    /// The number of the next call.
    next: Cell<u64>,
    /// The number of the first call of the next epoch.
    end: Cell<u64>,
    /// The ids of the calls that were answered, added up.
    sum: Cell<u64>,
    /// The bits in which answers differed from what they should be.
    differences: Cell<u64>,
}

/// Runs the client, which finishes with the bits in which answers differed, whether the server's account is another one, and
/// how often either side saw the protocol broken.
pub(super) extern "C" fn main(start: &Start) -> ! {
    static READY: ReadyQueue = ReadyQueue::new();
    let settings = Settings::from_arguments(start.arguments);
    let channel = Channel::new(start.shared).expect("the root task shares enough");
    let client = Client::new(channel, Bell::new(pair::sender(settings.backend), settings.fault));
    let numbers = RefCell::new(Numbers::new(settings.seed));
    let idler = Idler::new(pair::receiver(settings.backend), &READY, Idle::Block);
    let interrupts = Restless::new(idler, &numbers, settings.works_in());
    let caller = Caller {
        client: &client,
        settings: &settings,
        numbers: &numbers,
        progress: Progress::new(&start.shared[Channel::WORDS..]),
        next: Cell::new(0),
        end: Cell::new(0),
        sum: Cell::new(0),
        differences: Cell::new(0),
    };
    let mut epochs = 0;
    while caller.end.get() < settings.calls {
        epochs += 1;
        let calls = 1 + numbers.borrow_mut().below(EPOCH);
        let concurrency = 1 + numbers.borrow_mut().below(CAPACITY as u64);
        caller.end.set(settings.calls.min(caller.end.get() + calls));
        let coroutines = pin!(Coroutines::<_, CAPACITY>::new(|_| call_repeatedly(&caller)));
        let mut executor = Executor::<CAPACITY>::new(&READY);
        for (slot, task) in coroutines.tasks().enumerate().take(concurrency as usize) {
            executor.spawn(slot, task).expect("the slot is free");
        }
        executor.run(&client, &interrupts);
    }
    let account = pin!(settle(&caller, epochs, &interrupts));
    let mut executor = Executor::<1>::new(&READY);
    executor.spawn(0, account).expect("the slot is free");
    executor.run(&client, &interrupts);
    unreachable!("settling ends the process")
}

/// Calls until the epoch is over.
async fn call_repeatedly(caller: &Caller<'_, '_>) {
    while caller.next.get() < caller.end.get() {
        let number = caller.next.get();
        caller.next.set(number + 1);
        stall(&mut caller.numbers.borrow_mut());
        let token = token(caller.settings.seed, number);
        if caller.settings.fault == Fault::SecondCall && number == WHEN {
            caller.differ(ask(caller, token).await);
        }
        caller.differ(ask(caller, token).await);
        caller.sum.set(caller.sum.get().wrapping_add(token));
        caller.progress.set_answered(caller.progress.answered() + 1);
    }
}

/// Makes the call with `token`, and gives the bits in which its answer differs from what it should be.
async fn ask(caller: &Caller<'_, '_>, token: u64) -> u64 {
    match caller.client.call(Message::new(WORK, [token])).await {
        Ok(told) => told.info().0 ^ tag::<1>(WORK).0 | told.raw_words()[0] ^ answer(token),
        Err(_) => u64::MAX,
    }
}

/// Compares accounts with the server, and finishes.
async fn settle(caller: &Caller<'_, '_>, epochs: u64, interrupts: &Restless<'_>) {
    let Ok(account) = caller.client.call(Message::new(ACCOUNT, [])).await else {
        process::finish([u64::MAX, 0, 0, 0])
    };
    let [served, sum, violations, server_waits, ..] = *account.raw_words();
    let balanced = (served, sum) == (caller.settings.calls, caller.sum.get());
    caller.progress.close(epochs, interrupts.waits(), server_waits);
    let violations = violations + caller.client.statistics().violations;
    process::finish([caller.differences.get(), u64::from(!balanced), violations, 0])
}

impl Caller<'_, '_> {
    fn differ(&self, differences: u64) {
        self.differences.set(self.differences.get() | differences);
    }
}
