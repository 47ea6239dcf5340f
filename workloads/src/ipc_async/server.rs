//! The server: answers every request, for ever.

use core::pin::pin;

use rel4_runtime::channel::{Message, Server};
use rel4_runtime::executor::{Executor, ReadyQueue};
use rel4_runtime::interrupt::{Interrupts, Notify};
use rel4_runtime::process::Start;

use super::Channel;
use super::hardware::{File, Kernel, Signal, Store};
use super::settings::{Backend, Settings};
use crate::ipc_pingpong::messages::{ANSWER, REFUSAL, REQUEST};

/// Runs the server.
pub(super) extern "C" fn main(start: &Start) -> ! {
    let channel = Channel::new(start.shared).expect("the root task shares enough");
    match Settings::from_arguments(start.arguments).backend {
        Backend::UserInterrupts => serve(channel, Store, &File),
        Backend::KernelNotifications => serve(channel, Signal::peer(), &Kernel),
    }
}

fn serve(channel: Channel<'_>, client: impl Notify, interrupts: &impl Interrupts) -> ! {
    static READY: ReadyQueue = ReadyQueue::new();
    let server = Server::new(channel, client);
    let serving = pin!(server.serve(answer));
    let mut executor = Executor::<1>::new(&READY);
    executor.spawn(0, serving).expect("the slot is free");
    executor.run(&server, interrupts);
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
