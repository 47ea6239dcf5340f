//! [`CNode`]: a power-of-two table of capability slots.
#![allow(unsafe_code, reason = "indexes the array of slots behind a CNode handle")]

use crate::cap::slot::Slot;
use crate::obj::Obj;

/// Handle to a table of 2^radix slots.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CNode {
    first: Obj<Slot>,
    radix: u8,
}

impl CNode {
    /// Names the table that starts at slot `first`.
    ///
    /// # Safety
    ///
    /// 2^`radix` slots lie behind one another from `first` on, and live as long as the handle is reachable.
    #[inline(always)]
    pub const unsafe fn from_parts(first: Obj<Slot>, radix: u8) -> Self {
        Self { first, radix }
    }

    /// log2 of the number of slots.
    #[inline(always)]
    pub const fn radix(self) -> u8 {
        self.radix
    }

    /// The number of slots.
    pub const fn slot_count(self) -> u64 {
        1 << self.radix
    }

    /// Address of the first slot.
    #[inline(always)]
    pub fn address(self) -> usize {
        self.first.address()
    }

    /// The slot `index` modulo the number of slots.
    #[inline(always)]
    pub fn slot(self, index: u64) -> Obj<Slot> {
        let index = index & (self.slot_count() - 1);
        // SAFETY: the masked index is within the 2^radix slots that `from_parts` was promised.
        unsafe { self.first.offset(index as usize) }
    }

    /// The slot that the low bits of `address` name, if those above them are `guard`.
    #[inline(always)]
    pub fn slot_behind_guard(self, address: u64, guard: u64) -> Option<Obj<Slot>> {
        if address >> self.radix != guard {
            return None;
        }
        let index = address - (guard << self.radix);
        // SAFETY: the bits above the lowest `radix` were subtracted, so the index is below 2^radix.
        Some(unsafe { self.first.offset(index as usize) })
    }
}
