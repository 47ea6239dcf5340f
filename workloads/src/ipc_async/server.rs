//! The server: answers every request, for ever.

use core::pin::pin;

use rel4_runtime::channel::{Message, Server};
use rel4_runtime::executor::{Executor, ReadyQueue};
use rel4_runtime::process::Start;

use super::settings::Settings;
use super::{Channel, peer};
use crate::ipc_pingpong::messages::{ANSWER, REFUSAL, REQUEST};

/// Runs the server.
pub(super) extern "C" fn main(start: &Start) -> ! {
    let channel = Channel::new(start.shared).expect("the root task shares enough");
    let backend = Settings::from_arguments(start.arguments).backend;
    static READY: ReadyQueue = ReadyQueue::new();
    let server = Server::new(channel, peer::sender(backend));
    let serving = pin!(server.serve(answer));
    let mut executor = Executor::<1>::new(&READY);
    executor.spawn(0, serving).expect("the slot is free");
    executor.run(&server, &peer::receiver(backend));
    unreachable!("a server serves for ever")
}

#[inline(always)]
fn answer(request: &Message) -> Message {
    let label = if request.label() == REQUEST { ANSWER } else { REFUSAL };
    let mut words = *request.raw_words();
    let words = &mut words[..request.words().len()];
    for word in &mut *words {
        *word = !*word;
    }
    Message::from_slice(label, words).expect("as long as the request")
}
