//! The server: answers every call, keeps account of them, and stalls now and then.

use core::cell::{Cell, RefCell};
use core::pin::pin;

use rel4_runtime::channel::{Message, Server};
use rel4_runtime::executor::{Executor, ReadyQueue};
use rel4_runtime::process::Start;

use super::fault::{Fault, WHEN};
use super::numbers::Numbers;
use super::progress::Progress;
use super::settings::Settings;
use super::stall::{Restless, stall};
use super::token::answer;
use super::{ACCOUNT, WORK};
use crate::pair::{self, Channel, Idle, Idler};

/// Runs the server.
pub(super) extern "C" fn main(start: &Start) -> ! {
    static READY: ReadyQueue = ReadyQueue::new();
    let settings = Settings::from_arguments(start.arguments);
    let channel = Channel::new(start.shared).expect("the root task shares enough");
    let progress = Progress::new(&start.shared[Channel::WORDS..]);
    let server = Server::new(channel, pair::sender(settings.backend));
    let numbers = RefCell::new(Numbers::new(!settings.seed));
    let idler = Idler::new(pair::receiver(settings.backend), &READY, Idle::Block);
    let interrupts = Restless::new(idler, &numbers, settings.works_in());
    let sum = Cell::new(0_u64);
    let serving = pin!(async {
        loop {
            let request = server.recv().await;
            stall(&mut numbers.borrow_mut());
            let token = request.message().raw_words()[0];
            let reply = if request.message().label() == WORK {
                progress.set_served(progress.served() + 1);
                sum.set(sum.get().wrapping_add(token));
                Message::new(WORK, [answer(token)])
            } else {
                Message::new(
                    ACCOUNT,
                    [progress.served(), sum.get(), server.statistics().violations, interrupts.waits()],
                )
            };
            if settings.fault != Fault::LostAnswer || progress.served() != WHEN {
                server.reply(request, reply);
            }
        }
    });
    let mut executor = Executor::<1>::new(&READY);
    executor.spawn(0, serving).expect("the slot is free");
    executor.run(&server, &interrupts);
    unreachable!("a server serves for ever")
}
