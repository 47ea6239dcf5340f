//! Sorted lists of physical memory regions: what is RAM, what is taken, what is left.

/// Physical addresses from `start` up to, not including, `end`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Region {
    /// First byte.
    pub start: u64,
    /// Byte behind the last.
    pub end: u64,
}

impl Region {
    /// The region of `bytes` bytes from `start` on, cut off at the end of the address space.
    pub(super) const fn sized(start: u64, bytes: u64) -> Self {
        Self { start, end: start.saturating_add(bytes) }
    }

    /// The smallest region of whole blocks of 2^`bits` bytes that contains this one.
    pub(super) const fn widened(self, bits: u32) -> Self {
        let mask = (1 << bits) - 1;
        Self { start: self.start & !mask, end: self.end.saturating_add(mask) & !mask }
    }

    /// The part that both regions have.
    pub(super) fn intersection(self, other: Self) -> Self {
        Self { start: self.start.max(other.start), end: self.end.min(other.end) }
    }

    /// Whether there is nothing in it.
    pub(super) const fn is_empty(self) -> bool {
        self.start >= self.end
    }
}

/// Regions that one list can hold.
const CAPACITY: usize = 64;

/// Disjoint, non-adjacent, non-empty regions in ascending order.
#[derive(Clone, Debug)]
pub(super) struct Regions {
    regions: [Region; CAPACITY],
    len: usize,
}

impl Regions {
    /// Nothing.
    pub(super) const EMPTY: Self = Self { regions: [Region { start: 0, end: 0 }; CAPACITY], len: 0 };

    /// The regions in ascending order.
    pub(super) fn as_slice(&self) -> &[Region] {
        &self.regions[..self.len]
    }

    fn push(&mut self, region: Region) {
        if region.is_empty() {
            return;
        }
        assert!(self.len < CAPACITY, "the machine has more than {CAPACITY} separate memory regions");
        self.regions[self.len] = region;
        self.len += 1;
    }

    /// Adds a region; what overlaps or touches is merged.
    pub(super) fn add(&mut self, mut region: Region) {
        if region.is_empty() {
            return;
        }
        let old = core::mem::replace(self, Self::EMPTY);
        let mut pending = true;
        for &other in old.as_slice() {
            if other.end < region.start {
                self.push(other);
            } else if region.end < other.start {
                if core::mem::take(&mut pending) {
                    self.push(region);
                }
                self.push(other);
            } else {
                region = Region { start: region.start.min(other.start), end: region.end.max(other.end) };
            }
        }
        if pending {
            self.push(region);
        }
    }

    /// Takes a region away, wherever it overlaps.
    pub(super) fn remove(&mut self, region: Region) {
        if region.is_empty() {
            return;
        }
        let old = core::mem::replace(self, Self::EMPTY);
        for &other in old.as_slice() {
            self.push(Region { start: other.start, end: other.end.min(region.start) });
            self.push(Region { start: other.start.max(region.end), end: other.end });
        }
    }
}

/// Cuts a region into naturally aligned blocks of powers of two, as large as possible, ascending: (start, log2 size). What is smaller
/// than 2^`min_bits` bytes is lost.
pub(super) fn blocks(region: Region, min_bits: u32, max_bits: u32) -> impl Iterator<Item = (u64, u32)> {
    let mut start = region.start;
    core::iter::from_fn(move || {
        while start < region.end {
            let fitting = (region.end - start).ilog2();
            let bits = fitting.min(start.trailing_zeros()).min(max_bits);
            let at = start;
            start += 1 << bits;
            if bits >= min_bits {
                return Some((at, bits));
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::vec::Vec;

    use super::*;

    fn region() -> impl Strategy<Value = Region> {
        (0u64..200, 0u64..40).prop_map(|(start, bytes)| Region::sized(start, bytes))
    }

    fn contains(regions: &[Region], at: u64) -> bool {
        regions.iter().any(|region| (region.start..region.end).contains(&at))
    }

    proptest! {
        #[test]
        fn a_list_holds_exactly_what_was_added_and_not_removed(steps in prop::collection::vec((any::<bool>(), region()), 0..30)) {
            let mut list = Regions::EMPTY;
            let mut model = [false; 256];
            for (add, region) in steps {
                if add { list.add(region) } else { list.remove(region) }
                for at in region.start..region.end {
                    model[at as usize] = add;
                }
            }
            for at in 0..256 {
                prop_assert_eq!(contains(list.as_slice(), at), model[at as usize]);
            }
            prop_assert!(list.as_slice().windows(2).all(|pair| pair[0].end < pair[1].start));
            prop_assert!(list.as_slice().iter().all(|region| !region.is_empty()));
        }

        #[test]
        fn blocks_are_aligned_disjoint_and_lose_only_what_is_too_small(start in 0u64..100_000, bytes in 0u64..100_000) {
            let region = Region::sized(start, bytes);
            let all: Vec<_> = blocks(region, 4, 12).collect();
            for &(at, bits) in &all {
                prop_assert!(at % (1 << bits) == 0 && (4..=12).contains(&bits));
                prop_assert!(at >= region.start && at + (1 << bits) <= region.end);
            }
            prop_assert!(all.windows(2).all(|pair| pair[0].0 + (1 << pair[0].1) <= pair[1].0));
            let covered: u64 = all.iter().map(|&(_, bits)| 1 << bits).sum();
            prop_assert!(bytes - covered < 32);
        }
    }
}
