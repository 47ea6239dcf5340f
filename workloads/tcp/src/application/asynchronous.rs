//! The application of the asynchronous version: one coroutine a connection.

use core::cell::Cell;
use core::pin::pin;

use rel4_runtime::channel::{Client, Message};
use rel4_runtime::executor::{Executor, ReadyQueue, Room};
use rel4_runtime::process::{self, Start};
use rel4_runtime::uintr::Sender;

use super::{Left, Stack, serve};
use crate::bells::{self, FIRST_PEER};
use crate::layout::{CHANNEL_CAPACITY, MAX_CONNECTIONS, Sockets};
use crate::protocol::{Answer, Request};
use crate::settings::Told;

type Channel<'m> = Client<'m, Sender, CHANNEL_CAPACITY>;

impl Stack for Channel<'_> {
    #[inline(always)]
    async fn call(&self, request: Request) -> Answer {
        let (label, words) = request.encode();
        match Client::call(self, Message::new(label, words)).await {
            Ok(told) => Answer::decode(told.label(), [told.raw_words()[0], told.raw_words()[1]]),
            Err(_) => Answer::Refused,
        }
    }
}

/// Runs the application, which finishes when all clients have come and gone: with their number, what the stack did to the channel that it should
/// not, and what the
/// stack counted last: open connections, and operations that wait.
pub extern "C" fn main(start: &Start) -> ! {
    static READY: ReadyQueue = ReadyQueue::new();
    let told = Told::from_arguments(start.arguments);
    let sockets = Sockets::new(start.shared).expect("the root task shares enough");
    let stack = Client::new(sockets.channel(), bells::sender(told.ipc, FIRST_PEER));
    let served = Cell::new(0);
    let is_last = || {
        served.set(served.get() + 1);
        served.get() == told.sessions()
    };
    let (stack, is_last) = (&stack, &is_last);
    let room = pin!(Room::<_, MAX_CONNECTIONS>::new());
    let tasks = room.fill(told.connections, |number| async move {
        let Left { open, waiting } = serve(stack, sockets, number, is_last).await;
        process::finish([told.sessions(), stack.statistics().violations, open, waiting])
    });
    let mut executor = Executor::<MAX_CONNECTIONS>::new(&READY);
    for (slot, task) in tasks.enumerate() {
        executor.spawn(slot, task).expect("the slot is free");
    }
    executor.run(stack, &bells::receiver(told.ipc));
    unreachable!("a server serves for ever")
}
