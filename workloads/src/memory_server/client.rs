//! The client: coroutines that ask for a page, use it, and give it back, and samples of what a batch of requests costs.

use core::cell::Cell;
use core::pin::pin;

use rel4_runtime::channel::{Client, Message};
use rel4_runtime::executor::{Coroutines, Executor, ReadyQueue};
use rel4_runtime::ipc::tag;
use rel4_runtime::process::{self, Start};
use rel4_runtime::uintr::Sender;

use super::messages::{DONE, MAP, UNMAP};
use super::settings::Settings;
use super::{CAPACITY, Channel, RESULTS};
use crate::changing_page;
use crate::ipc_async::client::recorder::{Recorder, Step};
use crate::ipc_pingpong::results::Results;
use crate::pair::{self, Backend};

/// What the coroutines share.
struct Asker<'a, 'm> {
    server: Client<'m, Sender, CAPACITY>,
    recorder: Recorder<'a>,
    /// The number of the next coroutine.
    next_page: Cell<u64>,
}

/// Runs the client, which finishes with 0 if every answer and every page was what it should be.
pub(super) extern "C" fn main(start: &Start) -> ! {
    static READY: ReadyQueue = ReadyQueue::new();
    let settings = Settings::from_arguments(start.arguments);
    let channel = Channel::new(start.shared).expect("the root task shares enough");
    let asker = Asker {
        server: Client::new(channel, pair::sender(Backend::UserInterrupts)),
        recorder: Recorder::new(settings.warmup, settings.batch, Results::new(&start.shared[RESULTS..])),
        next_page: Cell::new(0),
    };
    let coroutines = pin!(Coroutines::<_, CAPACITY>::new(|_| use_pages(&asker)));
    let mut executor = Executor::<CAPACITY>::new(&READY);
    for (slot, task) in coroutines.tasks().enumerate().take(settings.concurrency as usize) {
        executor.spawn(slot, task).expect("the slot is free");
    }
    executor.run(&asker.server, &pair::receiver(Backend::UserInterrupts));
    asker.recorder.measure_overhead();
    process::finish([asker.recorder.differences(), 0, 0, 0])
}

/// Asks for a page of its own, uses it, and gives it back, until all samples are taken.
async fn use_pages(asker: &Asker<'_, '_>) {
    let page = asker.next_page.replace(asker.next_page.get() + 1);
    let mut uses = 0;
    loop {
        if !ask(asker, MAP, page).await {
            return;
        }
        // The page is there, and it is the one that it was.
        if changing_page::exchange(page, uses + 1) != uses {
            asker.recorder.differ();
        }
        uses += 1;
        if !ask(asker, UNMAP, page).await {
            return;
        }
    }
}

/// Asks the server once. False if all samples are taken.
#[inline(always)]
async fn ask(asker: &Asker<'_, '_>, label: u64, page: u64) -> bool {
    let recorder = &asker.recorder;
    if recorder.next_call().is_none() {
        return false;
    }
    let differences = match asker.server.call(Message::new(label, [page])).await {
        Ok(answer) => answer.info().0 ^ tag::<1>(DONE).0 | answer.raw_words()[0] ^ page,
        Err(_) => u64::MAX,
    };
    if recorder.called(differences) && matches!(recorder.step(), Step::First) {
        recorder.begin();
    }
    true
}
