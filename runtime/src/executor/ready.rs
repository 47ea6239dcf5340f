//! Ready queues, and the one in software: a bit for each task.

use core::mem::ManuallyDrop;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::Waker;

use super::waker;
use crate::interrupt::QUEUE_SLOTS;

/// Tasks that a queue has room for.
pub const MAX_TASKS: usize = 256;

const WORDS: usize = MAX_TASKS / u64::BITS as usize;

/// A set of slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots([u64; WORDS]);

impl Slots {
    pub(super) const NONE: Self = Self([0; WORDS]);

    #[inline(always)]
    pub(super) const fn insert(&mut self, slot: usize) {
        let (word, bit) = place(slot);
        self.0[word] |= bit;
    }

    #[inline(always)]
    pub(super) const fn contains(&self, slot: usize) -> bool {
        let (word, bit) = place(slot);
        self.0[word] & bit != 0
    }
}

/// Which tasks of an executor are ready.
pub trait Queue {
    /// Makes the task in `slot` ready.
    fn wake(&self, slot: usize);

    /// True if [`Queue::take_first`] would find a slot.
    fn any(&self, end: usize) -> bool;

    /// Takes the first ready slot that is not in `except`. Slots from `end` on may be left out.
    fn take_first(&self, except: &Slots, end: usize) -> Option<usize>;

    /// What makes the task in `slot` ready; it owns nothing, so it need not be dropped.
    fn waker(&'static self, slot: usize) -> ManuallyDrop<Waker>;
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

    /// Makes many tasks ready: bit *b* of word *i* is the task in slot 64 *i* + *b*.
    pub(super) fn wake_all(&self, words: [u64; QUEUE_SLOTS / u64::BITS as usize]) {
        for (word, slots) in self.words.iter().zip(words) {
            word.fetch_or(slots, Ordering::Release);
        }
    }
}

impl Queue for ReadyQueue {
    #[inline(always)]
    fn wake(&self, slot: usize) {
        Self::wake(self, slot);
    }

    #[inline(always)]
    fn any(&self, end: usize) -> bool {
        self.words[..words_below(end)].iter().any(|word| word.load(Ordering::Relaxed) != 0)
    }

    #[inline(always)]
    fn take_first(&self, except: &Slots, end: usize) -> Option<usize> {
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

    #[inline(always)]
    fn waker(&'static self, slot: usize) -> ManuallyDrop<Waker> {
        waker::of_ready_queue(self, slot)
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
