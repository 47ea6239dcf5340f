//! The server: answers every request, for ever.

use core::pin::pin;

use rel4_runtime::channel::{Message, Server};
use rel4_runtime::executor::{Executor, ReadyQueue};
use rel4_runtime::ipc::tag;
use rel4_runtime::process::Start;

use super::STATISTICS;
use super::counters::Counters;
use super::settings::Settings;
use crate::ipc_pingpong::messages::{ANSWER, REFUSAL, REQUEST, answer};
use crate::pair::{self, Channel, Idler};

/// Runs the server.
pub(super) extern "C" fn main(start: &Start) -> ! {
    let channel = Channel::new(start.shared).expect("the root task shares enough");
    let settings = Settings::from_arguments(start.arguments);
    match settings.words {
        0 => serve::<0>(channel, &settings),
        1 => serve::<1>(channel, &settings),
        2 => serve::<2>(channel, &settings),
        3 => serve::<3>(channel, &settings),
        _ => serve::<4>(channel, &settings),
    }
}

fn serve<const WORDS: usize>(channel: Channel<'_>, settings: &Settings) -> ! {
    static READY: ReadyQueue = ReadyQueue::new();
    let server = Server::new(channel, pair::sender(settings.backend));
    let idler = Idler::new(pair::receiver(settings.backend), &READY, settings.idle);
    let serving = pin!(server.serve(|request| {
        if request.info() == tag::<WORDS>(REQUEST) {
            return respond::<WORDS>(request);
        }
        match request.label() {
            STATISTICS => Message::new(STATISTICS, Counters::of(server.statistics(), &idler).words()),
            _ => Message::new(REFUSAL, []),
        }
    }));
    let mut executor = Executor::<1>::new(&READY);
    executor.spawn(0, serving).expect("the slot is free");
    executor.run(&server, &idler);
    unreachable!("a server serves for ever")
}

#[inline(always)]
fn respond<const WORDS: usize>(request: &Message) -> Message {
    let words = core::array::from_fn::<_, WORDS, _>(|index| request.raw_words()[index]);
    Message::new(ANSWER, answer(words))
}
