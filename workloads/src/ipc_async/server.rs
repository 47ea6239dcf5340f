//! The server: answers every request, for ever.

use core::pin::pin;

use rel4_runtime::channel::{Message, Server};
use rel4_runtime::executor::{Executor, ReadyQueue};
use rel4_runtime::ipc::tag;
use rel4_runtime::process::Start;

use super::settings::{Backend, Settings};
use super::{Channel, peer};
use crate::ipc_pingpong::messages::{ANSWER, REFUSAL, REQUEST, answer};

/// Runs the server.
pub(super) extern "C" fn main(start: &Start) -> ! {
    let channel = Channel::new(start.shared).expect("the root task shares enough");
    let settings = Settings::from_arguments(start.arguments);
    match settings.words {
        0 => serve::<0>(channel, settings.backend),
        1 => serve::<1>(channel, settings.backend),
        2 => serve::<2>(channel, settings.backend),
        3 => serve::<3>(channel, settings.backend),
        _ => serve::<4>(channel, settings.backend),
    }
}

fn serve<const WORDS: usize>(channel: Channel<'_>, backend: Backend) -> ! {
    static READY: ReadyQueue = ReadyQueue::new();
    let server = Server::new(channel, peer::sender(backend));
    let serving = pin!(server.serve(respond::<WORDS>));
    let mut executor = Executor::<1>::new(&READY);
    executor.spawn(0, serving).expect("the slot is free");
    executor.run(&server, &peer::receiver(backend));
    unreachable!("a server serves for ever")
}

#[inline(always)]
fn respond<const WORDS: usize>(request: &Message) -> Message {
    let words = answer(core::array::from_fn::<_, WORDS, _>(|index| request.raw_words()[index]));
    let expected = request.info() == tag::<WORDS>(REQUEST);
    Message::new(if expected { ANSWER } else { REFUSAL }, words)
}
