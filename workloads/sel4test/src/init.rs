//! What the driver tells a test process, through the page that the two share.

use core::sync::atomic::{AtomicU64, Ordering};

use rel4_abi::bootinfo::MAX_UNTYPEDS;
use rel4_abi::{CPtr, SlotRegion};
use rel4_runtime::cap::Untyped;

use crate::machine::Machine;

/// Words before the sizes of the untypeds.
const FIXED_WORDS: usize = 12;
/// Words that the page must have.
pub const WORDS: usize = FIXED_WORDS + MAX_UNTYPEDS;

/// Everything a test process is told. Capability addresses are those of its own `CSpace`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Init {
    /// Number of the test in the list of all.
    pub test: usize,
    /// What it runs on.
    pub machine: Machine,
    /// Frames of the program's image, from its first page on.
    pub image_frames: SlotRegion,
    /// Untyped memory, all of it empty.
    pub untypeds: SlotRegion,
    /// Sizes of the untypeds, as powers of two.
    pub untyped_bits: [u32; MAX_UNTYPEDS],
    /// Empty slots.
    pub free: SlotRegion,
}

impl Init {
    /// The untypeds and their sizes, as powers of two.
    pub fn untypeds(&self) -> impl Iterator<Item = (Untyped, u32)> {
        (self.untypeds.start..self.untypeds.end).map(CPtr).map(Untyped).zip(self.untyped_bits)
    }

    /// Writes it to `page`, which has at least [`WORDS`] words.
    pub fn write(&self, page: &[AtomicU64]) {
        let Machine { debug_kernel, benchmark_kernel, domains, num_nodes, timer } = self.machine;
        let fixed: [u64; FIXED_WORDS] = [
            self.test as u64,
            u64::from(debug_kernel),
            u64::from(benchmark_kernel),
            domains,
            num_nodes,
            u64::from(timer),
            self.image_frames.start,
            self.image_frames.end,
            self.untypeds.start,
            self.untypeds.end,
            self.free.start,
            self.free.end,
        ];
        let sizes = self.untyped_bits.iter().map(|&bits| u64::from(bits));
        let words = fixed.into_iter().chain(sizes);
        page.iter().zip(words).for_each(|(place, word)| place.store(word, Ordering::Relaxed));
    }

    /// Reads it from `page`, as [`Init::write`] left it.
    #[must_use]
    pub fn read(page: &[AtomicU64]) -> Self {
        let word = |index: usize| page[index].load(Ordering::Relaxed);
        let region = |index: usize| SlotRegion { start: word(index), end: word(index + 1) };
        let mut untyped_bits = [0; MAX_UNTYPEDS];
        for (index, bits) in untyped_bits.iter_mut().enumerate() {
            *bits = word(FIXED_WORDS + index) as u32;
        }
        Self {
            test: word(0) as usize,
            machine: Machine {
                debug_kernel: word(1) != 0,
                benchmark_kernel: word(2) != 0,
                domains: word(3),
                num_nodes: word(4),
                timer: word(5) != 0,
            },
            image_frames: region(6),
            untypeds: region(8),
            untyped_bits,
            free: region(10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let region = |start| SlotRegion { start, end: start + 7 };
        let mut untyped_bits = [0; MAX_UNTYPEDS];
        (untyped_bits[0], untyped_bits[MAX_UNTYPEDS - 1]) = (30, 13);
        let init = Init {
            test: 5,
            machine: Machine {
                debug_kernel: true,
                benchmark_kernel: false,
                domains: 4,
                num_nodes: 2,
                timer: true,
            },
            image_frames: region(18),
            untypeds: region(25),
            untyped_bits,
            free: region(100),
        };
        let page = [const { AtomicU64::new(0) }; WORDS];
        init.write(&page);
        assert_eq!(Init::read(&page), init);
    }
}
