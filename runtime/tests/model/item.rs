//! Narrow items with the names of the real ones: enough words to see a torn copy, few enough to search all
//! interleavings.

use crate::sync::{AtomicU64, Ordering};

pub const LINE_WORDS: usize = 8;
pub const ITEM_WORDS: usize = 2;

/// An item whose two words are copied one by one, as those of a real one are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    pub first: u64,
    pub last: u64,
}

impl Item {
    pub(crate) fn store(&self, [first, last]: &[AtomicU64; ITEM_WORDS]) {
        first.store(self.first, Ordering::Relaxed);
        last.store(self.last, Ordering::Relaxed);
    }

    pub(crate) fn load([first, last]: &[AtomicU64; ITEM_WORDS]) -> Self {
        Self { first: first.load(Ordering::Relaxed), last: last.load(Ordering::Relaxed) }
    }
}
