//! The IPC buffer: the page part through which long messages and capabilities travel.

use core::mem::{align_of, offset_of, size_of};

use crate::message_info::{MSG_MAX_EXTRA_CAPS, MSG_MAX_LENGTH};

/// Size and alignment of an IPC buffer: 2^10 bytes.
pub const IPC_BUFFER_BITS: u32 = 10;

/// A thread's IPC buffer. The thread owns the memory; the kernel reads and writes it during system calls of the
/// thread and while it waits.
#[derive(Clone, Debug)]
#[repr(C, align(1024))]
pub struct IpcBuffer {
    /// Not used by the kernel.
    pub tag: u64,
    /// Message words. The first four travel in registers only.
    pub msg: [u64; MSG_MAX_LENGTH],
    /// The thread's own.
    pub user_data: u64,
    /// When sending: addresses of capabilities to send. When received: badges of unwrapped capabilities.
    pub caps_or_badges: [u64; MSG_MAX_EXTRA_CAPS],
    /// Root of the lookup of the receive slot.
    pub receive_cnode: u64,
    /// Index of the receive slot.
    pub receive_index: u64,
    /// Depth of that index in bits.
    pub receive_depth: u64,
}

const _: () = assert!(size_of::<IpcBuffer>() == 1 << IPC_BUFFER_BITS);
const _: () = assert!(align_of::<IpcBuffer>() == 1 << IPC_BUFFER_BITS);
const _: () = assert!(offset_of!(IpcBuffer, tag) == 0);
const _: () = assert!(offset_of!(IpcBuffer, msg) == 8);
const _: () = assert!(offset_of!(IpcBuffer, user_data) == 968);
const _: () = assert!(offset_of!(IpcBuffer, caps_or_badges) == 976);
const _: () = assert!(offset_of!(IpcBuffer, receive_cnode) == 1000);
const _: () = assert!(offset_of!(IpcBuffer, receive_index) == 1008);
const _: () = assert!(offset_of!(IpcBuffer, receive_depth) == 1016);
