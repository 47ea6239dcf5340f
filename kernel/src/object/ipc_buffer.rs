//! [`BufferRef`]: the kernel's access to a thread's IPC buffer.
//!
//! The buffer is user memory: its owner, and whoever shares the frame, may change it at any moment, on another hart even while
//! the kernel reads it. So every word is read once, volatile, and what was read is treated as hostile.
#![allow(unsafe_code, reason = "reads and writes user memory through the kernel's own window")]

use core::mem::offset_of;

use rel4_abi::IpcBuffer;
use rel4_abi::message_info::{MSG_MAX_EXTRA_CAPS, MSG_MAX_LENGTH, NUM_MESSAGE_REGISTERS};

use super::Tcb;
use crate::arch;
use crate::obj::Obj;
use crate::vm::VmRights;

/// An IPC buffer in the kernel's window onto physical memory.
#[derive(Clone, Copy)]
pub struct BufferRef(*mut u64);

/// What the kernel wants the buffer for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The thread sends: its buffer is read.
    Send,
    /// The thread receives: its buffer is written.
    Receive,
}

const BUFFER_BYTES: u64 = size_of::<IpcBuffer>() as u64;

impl BufferRef {
    /// The IPC buffer of a thread, if it has one that allows the access.
    #[inline]
    pub fn of_thread(thread: Obj<Tcb>, access: Access) -> Option<Self> {
        let frame = thread.buffer_slot().raw().as_frame()?;
        let allowed = match access {
            Access::Send => frame.rights != VmRights::KernelOnly,
            Access::Receive => frame.rights == VmRights::ReadWrite,
        };
        if frame.device || !allowed {
            return None;
        }
        let offset = thread.ipc_buffer.get() & (frame.size.bytes() - 1) & !(BUFFER_BYTES - 1);
        Some(Self(arch::phys_to_virt(frame.base.offset(offset)).cast()))
    }

    #[inline(always)]
    fn word(self, byte_offset: usize) -> *mut u64 {
        debug_assert!(byte_offset.is_multiple_of(8) && byte_offset < size_of::<IpcBuffer>());
        self.0.wrapping_byte_add(byte_offset)
    }

    #[inline(always)]
    fn read(self, byte_offset: usize) -> u64 {
        // SAFETY: `of_thread` made a pointer to 1024 aligned bytes of a non-device frame, which stays RAM that the kernel's
        // window maps; volatile, since user code may write it meanwhile.
        unsafe { self.word(byte_offset).read_volatile() }
    }

    #[inline(always)]
    fn write(self, byte_offset: usize, value: u64) {
        // SAFETY: as in `read`; the frame backs no kernel object.
        unsafe { self.word(byte_offset).write_volatile(value) }
    }

    /// Message word `index`. Words below [`NUM_MESSAGE_REGISTERS`] travel in registers, the caller sees to that.
    #[inline(always)]
    pub fn message_word(self, index: usize) -> u64 {
        debug_assert!((NUM_MESSAGE_REGISTERS..MSG_MAX_LENGTH).contains(&index));
        self.read(offset_of!(IpcBuffer, msg) + index * 8)
    }

    /// Sets message word `index`.
    #[inline(always)]
    pub fn set_message_word(self, index: usize, value: u64) {
        debug_assert!((NUM_MESSAGE_REGISTERS..MSG_MAX_LENGTH).contains(&index));
        self.write(offset_of!(IpcBuffer, msg) + index * 8, value);
    }

    /// Byte `index` of the message words, counted from word 0.
    #[cfg(feature = "debug")]
    pub fn message_byte(self, index: usize) -> u8 {
        debug_assert!(index < MSG_MAX_LENGTH * 8);
        let word = self.read(offset_of!(IpcBuffer, msg) + index / 8 * 8);
        word.to_le_bytes()[index % 8]
    }

    /// Sets message word `index` in memory, also one that would travel in a register.
    #[cfg(feature = "benchmark")]
    pub fn set_stored_word(self, index: usize, value: u64) {
        debug_assert!(index < MSG_MAX_LENGTH);
        self.write(offset_of!(IpcBuffer, msg) + index * 8, value);
    }

    /// Address of extra capability `index` to be sent.
    pub fn extra_cap(self, index: usize) -> u64 {
        debug_assert!(index < MSG_MAX_EXTRA_CAPS);
        self.read(offset_of!(IpcBuffer, caps_or_badges) + index * 8)
    }

    /// Tells the receiver the badge of an unwrapped capability.
    pub fn set_badge(self, index: usize, badge: u64) {
        debug_assert!(index < MSG_MAX_EXTRA_CAPS);
        self.write(offset_of!(IpcBuffer, caps_or_badges) + index * 8, badge);
    }

    /// Where the receiver wants a capability: root, index and depth.
    pub fn receive_slot(self) -> (u64, u64, u64) {
        (
            self.read(offset_of!(IpcBuffer, receive_cnode)),
            self.read(offset_of!(IpcBuffer, receive_index)),
            self.read(offset_of!(IpcBuffer, receive_depth)),
        )
    }
}
