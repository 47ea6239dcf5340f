//! Variables of the running thread, found through the thread pointer.

#![allow(unsafe_code, reason = "takes memory by the address in a register")]

use core::arch::asm;
use core::sync::atomic::AtomicU64;

use rel4_abi::IpcBuffer;

use super::super::THREAD_LOCALS;

/// What the thread pointer is now.
#[inline(always)]
pub(crate) fn thread_pointer() -> u64 {
    let pointer;
    // SAFETY: copies a register. It is not `pure`: a test may ask the kernel to change it.
    unsafe { asm!("mv {}, tp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
    pointer
}

/// The variables of the running thread. They are behind its IPC buffer, to which the thread pointer points.
#[inline(always)]
pub(crate) fn thread_locals() -> &'static [AtomicU64; THREAD_LOCALS] {
    let address = thread_pointer() + size_of::<IpcBuffer>() as u64;
    // SAFETY: the buffer is at the start of a page of its own, which nothing else in this address space is made of and
    // which outlives the thread; the page is writable, and its first bytes are zero or what a test put there.
    unsafe { &*(address as *const [AtomicU64; THREAD_LOCALS]) }
}
