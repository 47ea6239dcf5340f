//! Asynchronous system calls: invocations through a pair of rings that a thread shares with the kernel. Not part of seL4.
//!
//! The frame begins with the ring of requests, and the ring of completions follows directly, with the same capacity (layout: [`crate::ring`]).
//!
//! # Requests
//!
//! | word of the item | what |
//! |---|---|
//! | 0 | task: comes back with the completion as it is |
//! | 1 | tag of the message: label, number of extra capabilities, number of words |
//! | 2 | address of the capability invoked |
//! | 3 … | addresses of the extra capabilities, then the message words |
//!
//! What does not fit goes on in the next item, all of whose words count. A completion has the task, the tag of the answer and its words.

use crate::message_info::MSG_MAX_EXTRA_CAPS;
use crate::object::{MEGA_PAGE_BITS, PAGE_BITS};
use crate::ring::{self, ITEM_WORDS, PAYLOAD_WORDS};

/// Operations on rings of asynchronous system calls. Their labels are the same in both label tables and beyond every label of seL4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum AsyncInvocation {
    /// On a thread: take requests from a ring, in the name of the thread. Capability 0: the frame of the rings, readable and writable,
    /// not of a device. Capability 1: the notification that is signalled when completions are there and the thread sleeps, with the Write
    /// right. Word 0: items in each ring, a power of two.
    RegisterRing = 0x1010,
    /// On a thread: take no more requests.
    UnregisterRing = 0x1011,
    /// On a `VSpace`: map the doorbell of a hart's kernel. Capability 0: a thread with rings; capability 1: a `CNode`. Word 0: the page's address;
    /// words 1 and 2: index and depth of the slot for the page's capability; word 3: the hart.
    MapDoorbell = 0x1012,
}

impl AsyncInvocation {
    /// The operation that `label` means, if any.
    #[must_use]
    pub const fn decode(label: u64) -> Option<Self> {
        Some(match label {
            0x1010 => Self::RegisterRing,
            0x1011 => Self::UnregisterRing,
            0x1012 => Self::MapDoorbell,
            _ => return None,
        })
    }

    /// The label of the operation.
    #[must_use]
    pub const fn label(self) -> u64 {
        self as u64
    }
}

/// Feature bit in the boot information chunk [`crate::bootinfo::CHUNK_REL4`]: the kernel has asynchronous system calls.
pub const FEATURE_ASYNC_SYSCALL: u64 = 1 << 1;

/// The identity with which a thread of this priority rings doorbells: the higher the priority, the lower. The two highest share one.
#[must_use]
pub const fn doorbell_identity(priority: u8) -> u32 {
    let identity = u8::MAX - priority;
    if identity == 0 { 1 } else { identity as u32 }
}

/// Words of a request behind its tag, at most: one item is followed by one more.
pub const MAX_REQUEST_WORDS: usize = PAYLOAD_WORDS + ITEM_WORDS;
/// Message words of a request, at most.
pub const MAX_MESSAGE_WORDS: usize = MAX_REQUEST_WORDS - 1;

const _: () = assert!(MSG_MAX_EXTRA_CAPS < PAYLOAD_WORDS, "extra capabilities are in the first item");

/// Words of the two rings, for `capacity` items each.
#[must_use]
pub const fn pair_words(capacity: usize) -> usize {
    2 * ring::words(capacity)
}

/// Items that each ring in a frame of 2^`frame_bits` bytes can have at most; 0 if not even one.
#[must_use]
pub const fn max_capacity(frame_bits: u32) -> u64 {
    let header = pair_words(0);
    let words = 1usize << (frame_bits - size_of::<u64>().ilog2());
    let items = (words - header) / (2 * ITEM_WORDS);
    // The largest power of two.
    1 << items.ilog2()
}

const _: () = assert!(max_capacity(PAGE_BITS) == 16 && max_capacity(MEGA_PAGE_BITS) == 8192);
const _: () = assert!(pair_words(16) * 8 <= 1 << PAGE_BITS);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Invocation, LabelSet, UintrInvocation};

    #[test]
    fn labels_decode_to_themselves_and_mean_nothing_elsewhere() {
        for label in 0x100f..0x1020 {
            assert_eq!(
                AsyncInvocation::decode(label).map(AsyncInvocation::label),
                (0x1010..0x1013).contains(&label).then_some(label)
            );
            assert_eq!(UintrInvocation::decode(label), None);
            assert_eq!(Invocation::decode(label, LabelSet::SingleCore), None);
            assert_eq!(Invocation::decode(label, LabelSet::Smp), None);
        }
    }
}
