//! The thread's IPC buffer, whose address start-up code keeps in `tp`.

#![allow(unsafe_code, reason = "the buffer is memory that the kernel shares with the thread")]

use core::arch::asm;
use core::ptr::{addr_of, addr_of_mut};

use rel4_abi::message_info::{MSG_MAX_EXTRA_CAPS, MSG_MAX_LENGTH};
use rel4_abi::{CPtr, IpcBuffer};

#[inline(always)]
fn buffer() -> *mut IpcBuffer {
    let address;
    // SAFETY: copies a register that start-up code set and no compiled code changes.
    unsafe { asm!("mv {}, tp", out(reg) address, options(pure, nomem, nostack, preserves_flags)) };
    address
}

/// Message word `index`, which is below 120. The first four words of a message are in registers, not here.
#[inline(always)]
#[must_use]
pub fn message_word(index: usize) -> u64 {
    assert!(index < MSG_MAX_LENGTH);
    // SAFETY: `tp` points to this thread's mapped IPC buffer, and the index is inside it.
    unsafe { addr_of!((*buffer()).msg[index]).read_volatile() }
}

/// Sets message word `index`, which is below 120. The first four words of a message are in registers, not here.
#[inline(always)]
pub fn set_message_word(index: usize, word: u64) {
    assert!(index < MSG_MAX_LENGTH);
    // SAFETY: as in `message_word`.
    unsafe { addr_of_mut!((*buffer()).msg[index]).write_volatile(word) };
}

/// Sets the extra capability `index`, which is below 3, of the next message.
#[inline(always)]
pub fn set_extra_cap(index: usize, cptr: CPtr) {
    assert!(index < MSG_MAX_EXTRA_CAPS);
    // SAFETY: as in `message_word`.
    unsafe { addr_of_mut!((*buffer()).caps_or_badges[index]).write_volatile(cptr.word()) };
}

/// Sets where the kernel puts a capability that a message brings: slot `index`, of which `depth` bits count, of the node at `node`.
#[inline(always)]
pub fn set_receive_slot(node: CPtr, index: u64, depth: u64) {
    // SAFETY: as in `message_word`.
    unsafe {
        addr_of_mut!((*buffer()).receive_cnode).write_volatile(node.word());
        addr_of_mut!((*buffer()).receive_index).write_volatile(index);
        addr_of_mut!((*buffer()).receive_depth).write_volatile(depth);
    }
}
