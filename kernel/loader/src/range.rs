//! Half-open ranges of physical addresses.

use core::fmt;

/// Bytes of a page, the granule of everything the loader places.
pub const PAGE_SIZE: u64 = 4096;

/// Physical addresses from `start` up to, not including, `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhysRange {
    /// First address.
    pub start: u64,
    /// First address after the range; never below `start`.
    pub end: u64,
}

impl PhysRange {
    /// The `len` bytes from `start`; `None` if they would pass the end of the address space.
    #[must_use]
    pub fn with_len(start: u64, len: u64) -> Option<Self> {
        Some(Self { start, end: start.checked_add(len)? })
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.end - self.start
    }

    /// Whether the range holds no address.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Whether some address lies in both ranges.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start.max(other.start) < self.end.min(other.end)
    }

    /// Whether every address of `other` lies in this range.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

impl fmt::Display for PhysRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{:#x},{:#x})", self.start, self.end)
    }
}

/// `address` rounded up to a page; `None` on overflow.
#[must_use]
pub fn page_up(address: u64) -> Option<u64> {
    address.checked_next_multiple_of(PAGE_SIZE)
}

/// `address` rounded down to a page.
#[must_use]
pub fn page_down(address: u64) -> u64 {
    address & !(PAGE_SIZE - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: u64, end: u64) -> PhysRange {
        PhysRange { start, end }
    }

    #[test]
    fn neighbours_do_not_overlap() {
        assert!(!range(0, 4096).overlaps(&range(4096, 8192)));
        assert!(range(0, 4097).overlaps(&range(4096, 8192)));
        assert!(range(0, 8192).overlaps(&range(16, 32)));
    }

    #[test]
    fn an_empty_range_overlaps_nothing() {
        assert!(!range(16, 16).overlaps(&range(0, 4096)));
    }

    #[test]
    fn lengths_past_the_address_space_are_refused() {
        assert_eq!(PhysRange::with_len(u64::MAX, 2), None);
        assert_eq!(page_up(u64::MAX), None);
    }
}
