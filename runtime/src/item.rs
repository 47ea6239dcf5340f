//! What a ring carries: one cache line an item.

use rel4_abi::MessageInfo;
pub use rel4_abi::ring::{ITEM_WORDS, LINE_WORDS, PAYLOAD_WORDS};

use crate::sync::{AtomicU64, Ordering};

/// The bits of a tag that are not its label.
const BELOW_LABEL: u64 = MessageInfo::new(1, 0, 0, 0).0 - 1;

/// One message in a ring. Whatever comes out of one is a copy, but still only what the peer claims.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// Whom the answer is for; the receiver hands it back as it is.
    pub task: u64,
    /// Label and length. An item carries no capabilities and at most [`PAYLOAD_WORDS`] words.
    pub info: MessageInfo,
    /// Payload; words past the length mean nothing.
    pub words: [u64; PAYLOAD_WORDS],
}

impl Item {
    /// True if the tag describes something that an item can carry.
    #[inline(always)]
    #[must_use]
    pub const fn is_well_formed(&self) -> bool {
        // No capabilities, so the bits below the label are the length alone.
        self.info.0 & BELOW_LABEL <= PAYLOAD_WORDS as u64
    }

    /// Copies the item to shared memory. What orders the copy is the store of an index behind it.
    #[inline(always)]
    pub(crate) fn store(&self, cells: &[AtomicU64; ITEM_WORDS]) {
        let [task, info, words @ ..] = cells;
        task.store(self.task, Ordering::Relaxed);
        info.store(self.info.0, Ordering::Relaxed);
        for (cell, &word) in words.iter().zip(&self.words) {
            cell.store(word, Ordering::Relaxed);
        }
    }

    /// Copies an item out of shared memory, each word once.
    #[inline(always)]
    pub(crate) fn load(cells: &[AtomicU64; ITEM_WORDS]) -> Self {
        let [task, info, words @ ..] = cells;
        Self {
            task: task.load(Ordering::Relaxed),
            info: MessageInfo(info.load(Ordering::Relaxed)),
            words: core::array::from_fn(|index| words[index].load(Ordering::Relaxed)),
        }
    }
}
