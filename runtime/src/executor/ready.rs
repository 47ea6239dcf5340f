//! The software ready queue: a bit for each task.

use core::sync::atomic::{AtomicU64, Ordering};

/// Tasks that a queue has room for.
pub const MAX_TASKS: usize = 256;

const WORDS: usize = MAX_TASKS / u64::BITS as usize;

/// A set of slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slots([u64; WORDS]);

impl Slots {
    pub(super) const NONE: Self = Self([0; WORDS]);

    #[inline(always)]
    pub(super) const fn insert(&mut self, slot: usize) {
        let (word, bit) = place(slot);
        self.0[word] |= bit;
    }
}

/// Which tasks are ready. Setting a bit is one atomic instruction, so that an interrupt handler may do it too.
///
/// The alignment leaves the low bits of its address to the wakers, and the bits are what it begins with, for the handler.
#[derive(Debug)]
#[repr(C, align(256))]
pub struct ReadyQueue {
    words: [AtomicU64; WORDS],
}

impl ReadyQueue {
    /// A queue in which nothing is ready.
    #[must_use]
    pub const fn new() -> Self {
        Self { words: [const { AtomicU64::new(0) }; WORDS] }
    }

    /// Makes the task in `slot`, modulo [`MAX_TASKS`], ready.
    #[inline(always)]
    pub fn wake(&self, slot: usize) {
        let (word, bit) = place(slot);
        self.words[word].fetch_or(bit, Ordering::Release);
    }

    /// True if [`ReadyQueue::take_first`] would find a slot.
    #[inline(always)]
    pub(super) fn any(&self, end: usize) -> bool {
        self.words[..words_below(end)].iter().any(|word| word.load(Ordering::Relaxed) != 0)
    }

    /// Takes the first ready slot that is not in `except`. Slots from `end` on may be left out.
    #[inline(always)]
    pub(super) fn take_first(&self, except: &Slots, end: usize) -> Option<usize> {
        for (index, word) in self.words[..words_below(end)].iter().enumerate() {
            let ready = word.load(Ordering::Relaxed) & !except.0[index];
            if ready != 0 {
                let first = ready & ready.wrapping_neg();
                // Acquire: the task sees what was written before it was woken.
                word.fetch_and(!first, Ordering::Acquire);
                return Some(index * u64::BITS as usize + first.trailing_zeros() as usize);
            }
        }
        None
    }
}

impl Default for ReadyQueue {
    fn default() -> Self {
        Self::new()
    }
}

#[inline(always)]
const fn words_below(end: usize) -> usize {
    end.div_ceil(u64::BITS as usize)
}

#[inline(always)]
const fn place(slot: usize) -> (usize, u64) {
    (slot / u64::BITS as usize % WORDS, 1 << (slot % u64::BITS as usize))
}
