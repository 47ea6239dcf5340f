//! Asynchronous IPC between two processes: a ring in each direction.
//!
//! The client's coroutines [`Client::call`]; the server [`Server::serve`]s, or receives and replies one by one. Each end is a
//! [`Source`](crate::dispatch::Source) of its thread's executor and belongs to that thread alone.
//!
//! A client has no more calls out than the rings have room for, so between honest peers no ring is ever full. A dishonest
//! peer can leave calls unanswered and answer with nonsense, which costs whoever trusted it with the call; it cannot
//! complete a call twice, complete another peer's, or keep this thread from its other work.

mod client;
mod message;
mod server;
mod statistics;

use crate::ring::{Consumer, Producer, Ring};
use crate::sync::AtomicU64;

pub use client::{Call, CallError, Client};
pub use message::{Message, TooLong};
pub use server::{Recv, Request, Server};
pub use statistics::Statistics;

/// The two rings of a channel of `CAPACITY` calls, a power of two.
#[derive(Clone, Copy, Debug)]
pub struct Channel<'m, const CAPACITY: usize> {
    requests: Ring<'m, CAPACITY>,
    replies: Ring<'m, CAPACITY>,
}

impl<'m, const CAPACITY: usize> Channel<'m, CAPACITY> {
    /// Words of shared memory that a channel takes.
    pub const WORDS: usize = 2 * Ring::<CAPACITY>::WORDS;

    /// The channel in the first [`Channel::WORDS`] of `memory`, which is zero before the first use and starts at a page;
    /// `None` if there are fewer.
    #[must_use]
    pub fn new(memory: &'m [AtomicU64]) -> Option<Self> {
        let (requests, replies) = memory.split_at_checked(Ring::<CAPACITY>::WORDS)?;
        Some(Self { requests: Ring::new(requests)?, replies: Ring::new(replies)? })
    }

    /// The calling end's two rings: where requests go, and where answers come from.
    pub(crate) const fn client_ends(self) -> (Producer<'m, CAPACITY>, Consumer<'m, CAPACITY>) {
        (self.requests.producer(), self.replies.consumer())
    }
}
