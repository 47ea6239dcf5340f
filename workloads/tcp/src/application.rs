//! The application: an echo server (RFC 862), in a process of its own. Both versions run the same logic, [`serve`].

pub mod asynchronous;
pub mod synchronous;

use core::future::Future;
use core::sync::atomic::AtomicU64;

use rel4_runtime::words::WordBuffer;

use crate::layout::{CHUNK_WORDS, Sockets};
use crate::protocol::{Answer, Operation, Request};

/// The network stack, as a connection's task calls it.
pub trait Stack {
    /// Asks the stack for something and waits for its answer.
    fn call(&self, request: Request) -> impl Future<Output = Answer>;
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// The client was done.
    Orderly,
    /// The client reset the connection, or the stack refused something.
    Broken,
}

/// What all connections together held when the last client had gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Connections that were not gone.
    pub open: u64,
    /// Operations on them that were not complete.
    pub waiting: u64,
}

/// Serves connection number `number`, one client after the other, until `is_last` says of one that it was the last of all; it is called after
/// each.
pub async fn serve<S: Stack>(
    stack: &S,
    sockets: Sockets<'_>,
    number: usize,
    is_last: impl Fn() -> bool,
) -> Left {
    let connection =
        Connection { stack, number, inbound: sockets.inbound(number), outbound: sockets.outbound(number) };
    loop {
        if connection.ask(Operation::Accept).await != Answer::Accepted {
            panic!("the stack does not accept for a connection that is its own");
        }
        if connection.echo().await == Ending::Orderly {
            connection.ask(Operation::Close).await;
        }
        if is_last() {
            return match connection.ask(Operation::Count).await {
                Answer::Counted { open, waiting } => Left { open, waiting },
                answer => panic!("the stack does not count: {answer:?}"),
            };
        }
    }
}

struct Connection<'s, S> {
    stack: &'s S,
    number: usize,
    inbound: &'s [AtomicU64],
    outbound: &'s [AtomicU64],
}

impl<S: Stack> Connection<'_, S> {
    fn ask(&self, operation: Operation) -> impl Future<Output = Answer> {
        self.stack.call(Request { connection: self.number, operation })
    }

    /// Sends back what comes in, until the client ends it.
    async fn echo(&self) -> Ending {
        let mut chunk = WordBuffer::<CHUNK_WORDS>::new();
        loop {
            match self.ask(Operation::Receive).await {
                Answer::Received(length) => {
                    chunk.load(self.inbound, length);
                    if self.send(&mut chunk, length).await == Ending::Broken {
                        return Ending::Broken;
                    }
                }
                Answer::EndOfStream => return Ending::Orderly,
                _ => return Ending::Broken,
            }
        }
    }

    /// Sends the first `length` bytes of `chunk`.
    async fn send(&self, chunk: &mut WordBuffer<CHUNK_WORDS>, length: usize) -> Ending {
        let mut left = length;
        loop {
            chunk.store(self.outbound, left);
            match self.ask(Operation::Send(left)).await {
                Answer::Sent(taken) if taken >= left => return Ending::Orderly,
                Answer::Sent(taken) => {
                    chunk.bytes_mut().copy_within(taken..left, 0);
                    left -= taken;
                }
                _ => return Ending::Broken,
            }
        }
    }
}
