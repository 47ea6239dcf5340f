//! Windows: what lies between two reads of the counter, set as closely around a system call as instructions allow.
//!
//! Whoever makes the system call opens the window; whoever the kernel returns to closes it, which need not be the same thread. Nothing of
//! user level but the system call's own instruction is inside, so a window is what the kernel does. Markers for the cost model stand beside
//! the reads.

#[cfg(not(target_arch = "riscv64"))]
mod host;
#[cfg(target_arch = "riscv64")]
mod riscv64;

use rel4_abi::message_info::NUM_MESSAGE_REGISTERS;
use rel4_abi::{CPtr, MessageInfo, Syscall};
use rel4_runtime::ipc::Message;

use super::counter::Counter;

#[cfg(not(target_arch = "riscv64"))]
pub(super) use host::*;
#[cfg(target_arch = "riscv64")]
pub(super) use riscv64::*;

/// A system call with everything it takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    /// Its number.
    pub(super) number: i64,
    /// The capability that is invoked.
    pub(super) cptr: CPtr,
    /// The tag.
    pub(super) info: MessageInfo,
    /// The first words of the message.
    pub(super) words: [u64; NUM_MESSAGE_REGISTERS],
}

impl Request {
    /// System call `number` on `cptr` without a message.
    pub(super) const fn new(number: Syscall, cptr: CPtr) -> Self {
        Self { number: number.number(), cptr, info: MessageInfo(0), words: [0; NUM_MESSAGE_REGISTERS] }
    }
}

/// The counter at both ends of a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// As it was opened.
    pub(super) opened: u64,
    /// As it was closed.
    pub(super) closed: u64,
}

impl Window {
    /// What was counted in between.
    pub(super) const fn length(self) -> u64 {
        self.closed.wrapping_sub(self.opened)
    }
}

/// An instruction that enters the kernel, or stands for one, in a window.
pub(super) trait Passage {
    /// Opens a window, makes `request`, and closes the window that is open when this thread goes on.
    fn around(counter: Counter, request: Request) -> (Message, Window);

    /// Opens a window and makes `request`; tells the counter.
    fn opening(counter: Counter, request: Request) -> u64;

    /// Makes `request` and closes the window that is open when this thread goes on; tells the counter.
    fn closing(counter: Counter, request: Request) -> (Message, u64);
}

/// Opens a window, does `work`, and closes the window.
#[inline(always)]
pub(super) fn stretch<T>(counter: Counter, work: impl FnOnce() -> T) -> (T, Window) {
    let opened = open(counter);
    let result = work();
    let closed = close(counter);
    (result, Window { opened, closed })
}
