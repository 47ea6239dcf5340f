//! [`SeenSpaces`]: which address spaces a hart may hold translations of.

use core::cell::Cell;

use super::Asid;

/// The address spaces that a hart has translated through, by their identifiers modulo 64. One too many costs the hart an interrupt in which it
/// has nothing to forget, so nothing is ever taken out.
pub struct SeenSpaces(Cell<u64>);

impl SeenSpaces {
    /// A hart that has run no user thread.
    pub const fn none() -> Self {
        Self(Cell::new(0))
    }

    /// The hart translates through an address space from now on.
    #[inline(always)]
    pub fn insert(&self, asid: Asid) {
        self.0.set(self.0.get() | Self::bit(asid));
    }

    /// Whether the hart may hold translations of an address space.
    pub fn may_contain(&self, asid: Asid) -> bool {
        self.0.get() & Self::bit(asid) != 0
    }

    #[inline(always)]
    const fn bit(asid: Asid) -> u64 {
        1 << (asid.0 % 64)
    }
}
