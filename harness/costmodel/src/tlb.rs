//! A fully associative translation cache with least-recently-used replacement.

use crate::set_associative::{Lookup, use_in_set};

/// Number of bytes in a page; larger pages are held as pages of this size.
pub const PAGE_BYTES: u64 = 4096;

/// No translation has this key.
const EMPTY: u64 = u64::MAX;

/// The translations that a TLB holds.
///
/// A translation is known by virtual *and* physical page, so that the same virtual page of two address spaces is two
/// translations, as with address-space identifiers. A machine without them empties its TLBs at every switch.
#[derive(Debug)]
pub struct Tlb {
    entries: Box<[u64]>,
}

impl Tlb {
    /// An empty TLB; none where `entries` is 0.
    #[must_use]
    pub fn new(entries: u64) -> Option<Self> {
        let entries = usize::try_from(entries).expect("a TLB fits in memory");
        (entries != 0).then(|| Self { entries: vec![EMPTY; entries].into_boxed_slice() })
    }

    /// Uses the translation of `virtual_page` to `physical_page`, bringing it in where it is missing.
    #[inline]
    pub fn access(&mut self, virtual_page: u64, physical_page: u64) -> Lookup {
        // Virtual pages have 52 bits, of which sv39 and sv48 use the lower 36 and repeat the last; physical pages of the
        // machine have fewer than 28.
        let key = virtual_page << 28 ^ physical_page;
        if self.entries[0] == key { Lookup::Hit } else { use_in_set(&mut self.entries, key) }
    }

    /// Forgets every translation.
    pub fn flush(&mut self) {
        self.entries.fill(EMPTY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_pages_as_entries_stay() {
        let mut tlb = Tlb::new(32).expect("not empty");
        assert!((0..32).all(|page| tlb.access(page, page) == Lookup::Miss));
        assert!((0..32).all(|page| tlb.access(page, page) == Lookup::Hit));
        assert_eq!(tlb.access(32, 32), Lookup::Miss);
        assert_eq!(tlb.access(0, 0), Lookup::Miss, "the oldest made room");
    }

    #[test]
    fn one_virtual_page_of_two_address_spaces_is_two_translations() {
        let mut tlb = Tlb::new(4).expect("not empty");
        assert_eq!(tlb.access(7, 100), Lookup::Miss);
        assert_eq!(tlb.access(7, 101), Lookup::Miss);
        assert_eq!(tlb.access(7, 100), Lookup::Hit);
    }

    #[test]
    fn pages_of_both_halves_of_the_address_space_differ() {
        let mut tlb = Tlb::new(4).expect("not empty");
        assert_eq!(tlb.access(0x000f_ffff_c000_0000, 1), Lookup::Miss);
        assert_eq!(tlb.access(0, 1), Lookup::Miss);
        assert_eq!(tlb.access(0x000f_ffff_c000_0000, 1), Lookup::Hit);
    }

    #[test]
    fn a_flush_forgets_everything() {
        let mut tlb = Tlb::new(4).expect("not empty");
        tlb.access(1, 1);
        tlb.flush();
        assert_eq!(tlb.access(1, 1), Lookup::Miss);
    }
}
