//! [`PrioritySet`]: which priorities have ready threads.

use core::cell::Cell;

/// Bits of a word of the set; as many words make up the set.
const BITS: u32 = 16;
const PRIORITIES: usize = rel4_abi::sched::NUM_PRIORITIES as usize;

const _: () = assert!(PRIORITIES == (BITS * BITS) as usize);

/// A set of priorities: sixteen words of sixteen, and a word that says which of these are not empty.
pub(super) struct PrioritySet {
    summary: Cell<u16>,
    words: [Cell<u16>; BITS as usize],
}

impl PrioritySet {
    /// The set without members.
    pub(super) const fn empty() -> Self {
        Self { summary: Cell::new(0), words: [const { Cell::new(0) }; BITS as usize] }
    }

    /// Which word a priority is in, and which bit of it.
    #[inline(always)]
    fn place(priority: u8) -> (usize, u32) {
        (usize::from(priority) / BITS as usize, u32::from(priority) % BITS)
    }

    /// Adds a priority.
    #[inline(always)]
    pub(super) fn insert(&self, priority: u8) {
        let (word, bit) = Self::place(priority);
        self.words[word].set(self.words[word].get() | 1 << bit);
        self.summary.set(self.summary.get() | 1 << word);
    }

    /// Takes a priority out.
    #[inline(always)]
    pub(super) fn remove(&self, priority: u8) {
        let (word, bit) = Self::place(priority);
        let rest = self.words[word].get() & !(1 << bit);
        self.words[word].set(rest);
        if rest == 0 {
            self.summary.set(self.summary.get() & !(1 << word));
        }
    }

    /// The highest priority in the set.
    #[inline(always)]
    pub(super) fn highest(&self) -> Option<u8> {
        let summary = self.summary.get();
        if summary == 0 {
            return None;
        }
        let word = log2(summary);
        Some(word * BITS as u8 + log2(self.words[usize::from(word) % BITS as usize].get()))
    }

    /// Whether the set has a priority above this one.
    #[inline(always)]
    pub(super) fn has_above(&self, priority: u8) -> bool {
        let (word, bit) = Self::place(priority);
        // Where only bits up to this one are set, no more than one is left.
        self.summary.get() >> word > 1 || self.words[word].get() >> bit > 1
    }
}

/// The position of the highest bit of a word that is not 0. The instruction set of the kernel's targets has no instruction for it, and the
/// compiler's replacement counts bits.
#[inline(always)]
fn log2(word: u16) -> u8 {
    let [low, high] = word.to_le_bytes();
    if high != 0 { 8 + LOG2[usize::from(high)] } else { LOG2[usize::from(low)] }
}

/// The position of the highest bit of a byte.
const LOG2: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 2;
    while byte < 256 {
        table[byte] = table[byte / 2] + 1;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_word_has_its_highest_bit() {
        for word in 1..=u16::MAX {
            assert_eq!(u32::from(log2(word)), word.ilog2());
        }
    }

    proptest! {
        #[test]
        fn it_is_a_set(steps in proptest::collection::vec((any::<bool>(), any::<u8>()), 0..64)) {
            let (set, mut model) = (PrioritySet::empty(), BTreeSet::new());
            for (insert, priority) in steps {
                if insert {
                    set.insert(priority);
                    model.insert(priority);
                } else {
                    set.remove(priority);
                    model.remove(&priority);
                }
                prop_assert_eq!(set.highest(), model.last().copied());
                for priority in 0..=u8::MAX {
                    prop_assert_eq!(set.has_above(priority), model.last().is_some_and(|&highest| highest > priority));
                }
            }
        }
    }
}
