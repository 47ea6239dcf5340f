//! The fastpath: the commonest system calls in their commonest form, without the generality that makes the others long.
//!
//! | system call | taken here if | file |
//! |---|---|---|
//! | Call (feature `sync-ipc`) | a receiver waits and runs next | [`call`] |
//! | ReplyRecv (feature `sync-ipc`) | a caller waits for the answer and runs next, and nobody waits to be received from | [`reply_recv`] |
//! | Send, NBSend | the capability is a notification's, or a receiver waits | [`send`] |
//!
//! | Recv (feature `uintr`) | it is the Wait of a thread for its interrupt file, nothing is pending, and another thread is ready | [`sleep`] |
//!
//! and, with the feature `uintr`, the interrupt of an interrupt file whose owner waits for it ([`wake`]).
//!
//! In all system calls the message fits registers and carries no capabilities, the thread's root CNode alone resolves the address, and no fault
//! is pending.
//!
//! Each function first looks whether it applies, which changes nothing, and then carries the call out, which cannot fail. What it does
//! is what [`crate::syscall`] would have done, down to the last bit that anything can observe; `testing::fastpath` compares the two.

#[cfg(feature = "sync-ipc")]
mod call;
#[cfg(feature = "sync-ipc")]
mod reply_recv;
mod send;
#[cfg(feature = "uintr")]
mod sleep;
#[cfg(feature = "uintr")]
pub mod wake;

use rel4_abi::{MessageInfo, Syscall};

use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::Tcb;

/// A system call as it stands in registers.
#[derive(Clone, Copy)]
pub struct Request {
    /// `a0`: the address of the capability.
    pub cptr: u64,
    /// `a1`: the tag of the message.
    pub info: MessageInfo,
    /// `a2` to `a5`: the first words of the message.
    pub words: [u64; 4],
}

/// Carries out system call `number` of the current thread, whose program counters are set, if it is one of those above. Returns the thread
/// to return to. `None`: nothing has happened.
#[inline(always)]
pub fn handle(k: &Kernel, number: i64, request: &Request) -> Option<Obj<Tcb>> {
    // The requests of the thread come first, and what they change may matter to the call.
    #[cfg(feature = "async-syscall")]
    if crate::async_syscall::has_requests(k.current()) {
        return None;
    }
    match Syscall::decode(number)? {
        #[cfg(feature = "sync-ipc")]
        Syscall::Call => call::handle(k, request),
        #[cfg(feature = "sync-ipc")]
        Syscall::ReplyRecv => reply_recv::handle(k, request),
        Syscall::Send | Syscall::NBSend => send::handle(k, request),
        #[cfg(feature = "uintr")]
        Syscall::Recv => sleep::handle(k, request),
        _ => None,
    }
}

/// Puts a message of `length` words into the registers of its receiver.
#[inline(always)]
fn deliver(request: &Request, length: usize, badge: u64, receiver: Obj<Tcb>) {
    for (index, &word) in request.words.iter().enumerate() {
        if index == length {
            break;
        }
        receiver.context.set_message_register(index, word);
    }
    receiver.context.set_badge(badge);
    receiver.context.set_message_info(request.info);
}
