//! Memory that the root task shares with processes it creates.

#![allow(unsafe_code, reason = "turns pages that were just mapped into a slice")]

use core::ops::Range;
use core::sync::atomic::AtomicU64;

use rel4_abi::object::PAGE_BITS;
use rel4_abi::{CPtr, SlotRegion};

use crate::address_space::{self, Access};
use crate::cap::VSpace;
use crate::resources::{ResourceError, Resources};
use crate::vaddr;

/// Words that the root task and others see. They start as zero.
#[derive(Debug)]
pub struct SharedMemory {
    frames: SlotRegion,
    words: &'static [AtomicU64],
}

impl SharedMemory {
    /// Makes memory for `word_count` words and maps it in the root task.
    ///
    /// # Errors
    ///
    /// Those of making frames and mapping them.
    pub fn new(resources: &mut Resources, word_count: usize) -> Result<Self, ResourceError> {
        let frames = resources.make_frames((word_count * size_of::<u64>()).div_ceil(1 << PAGE_BITS) as u64)?;
        let vaddr = resources.reserve_window(frames.len());
        address_space::map_range(resources, Resources::VSPACE, frames, vaddr, Access::Data)?;
        // SAFETY: those addresses are mapped, hold zeros, are never unmapped, and are only accessed as atomics.
        let words = unsafe { core::slice::from_raw_parts(vaddr as *const AtomicU64, word_count) };
        Ok(Self { frames, words })
    }

    /// The words as the root task sees them.
    #[must_use]
    pub const fn words(&self) -> &'static [AtomicU64] {
        self.words
    }

    /// The part of it that has `words`, which start and end at pages (or at the end of the memory), so that a process can see less than
    /// others do.
    ///
    /// # Panics
    ///
    /// If they do not, or the memory has no such words.
    #[must_use]
    pub fn part(&self, words: Range<usize>) -> Self {
        const PAGE_WORDS: usize = (1 << PAGE_BITS) / size_of::<u64>();
        assert!(words.start.is_multiple_of(PAGE_WORDS), "a part starts at a page");
        assert!(
            words.end.is_multiple_of(PAGE_WORDS) || words.end == self.words.len(),
            "a part ends at a page"
        );
        let page = |word: usize| self.frames.start + word.div_ceil(PAGE_WORDS) as u64;
        let frames = SlotRegion { start: page(words.start), end: page(words.end) };
        Self { frames, words: &self.words[words] }
    }

    /// Its frame number `index`, of 4 KiB.
    #[must_use]
    pub const fn frame(&self, index: u64) -> Option<CPtr> {
        self.frames.slot(index)
    }

    /// Maps the memory at [`vaddr::SHARED`] in `vspace` too, with copies of its frames that `resources` makes.
    ///
    /// # Errors
    ///
    /// Those of copying frames and mapping them.
    pub fn map_into(&self, resources: &mut Resources, vspace: VSpace) -> Result<(), ResourceError> {
        let copies = resources.copy_frames(self.frames)?;
        address_space::map_range(resources, vspace, copies, vaddr::SHARED, Access::Data)
    }
}
