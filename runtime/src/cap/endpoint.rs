//! Endpoints: synchronous IPC.

use rel4_abi::CPtr;

use crate::arch;
use crate::ipc::{Message, Registers, tag};

/// A capability to an endpoint.
///
/// All stubs take up to four words, which travel in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint(pub CPtr);

impl Endpoint {
    /// Sends a message and waits for the answer.
    #[inline(always)]
    pub fn call<const WORDS: usize>(self, label: u64, words: [u64; WORDS]) -> Message {
        arch::call(self.0, tag::<WORDS>(label), Registers::new(words))
    }

    /// Answers the last caller and receives the next message.
    #[inline(always)]
    pub fn reply_recv<const WORDS: usize>(self, label: u64, words: [u64; WORDS]) -> Message {
        arch::reply_recv(self.0, tag::<WORDS>(label), Registers::new(words))
    }

    /// Sends a message, waiting for a receiver.
    #[inline(always)]
    pub fn send<const WORDS: usize>(self, label: u64, words: [u64; WORDS]) {
        arch::send(self.0, tag::<WORDS>(label), Registers::new(words));
    }

    /// Sends a message if a receiver is waiting, else drops it.
    #[inline(always)]
    pub fn nb_send<const WORDS: usize>(self, label: u64, words: [u64; WORDS]) {
        arch::nb_send(self.0, tag::<WORDS>(label), Registers::new(words));
    }

    /// Receives a message, waiting for a sender.
    #[inline(always)]
    #[must_use]
    pub fn recv(self) -> Message {
        arch::recv(self.0)
    }

    /// Receives a message if a sender is waiting.
    #[inline(always)]
    #[must_use]
    pub fn nb_recv(self) -> Message {
        arch::nb_recv(self.0)
    }
}
