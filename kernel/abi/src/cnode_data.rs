//! Guard of a `CNode` capability, as passed to Mint, Mutate, Rotate, Configure and `SetSpace`.

use crate::cptr::WORD_BITS;

const GUARD_SIZE_BITS: u32 = 6;
const GUARD_SIZE_MASK: u64 = (1 << GUARD_SIZE_BITS) - 1;

/// Guard and guard size in one word: size in bits 0–5, guard in bits 6–63.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct CNodeCapData(u64);

impl CNodeCapData {
    /// Packs a guard of `guard_size_bits` bits; bits that do not fit their field are dropped.
    #[must_use]
    pub const fn new(guard: u64, guard_size_bits: u32) -> Self {
        Self((guard << GUARD_SIZE_BITS) | (guard_size_bits as u64 & GUARD_SIZE_MASK))
    }

    /// A zero guard that, with `radix_bits` of a `CNode`'s own, makes a capability address of 64 bits: then the
    /// address is the slot number. `radix_bits` is 1 to 64.
    #[must_use]
    pub const fn fill(radix_bits: u32) -> Self {
        Self::new(0, WORD_BITS - radix_bits)
    }

    /// Takes the word from a message.
    #[must_use]
    pub const fn from_word(word: u64) -> Self {
        Self(word)
    }

    /// The word that goes into a message.
    #[must_use]
    pub const fn word(self) -> u64 {
        self.0
    }

    /// Size of the guard in bits, 0 to 63.
    #[must_use]
    pub const fn guard_size_bits(self) -> u32 {
        (self.0 & GUARD_SIZE_MASK) as u32
    }

    /// The guard, cut to its size.
    #[must_use]
    pub const fn guard(self) -> u64 {
        (self.0 >> GUARD_SIZE_BITS) & ((1 << self.guard_size_bits()) - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_guard_is_cut_to_its_size(guard in 0_u64..1 << 58, size in 0_u32..64) {
            let data = CNodeCapData::new(guard, size);
            prop_assert_eq!(data.guard_size_bits(), size);
            prop_assert_eq!(data.guard(), guard & ((1 << size) - 1));
            prop_assert_eq!(CNodeCapData::from_word(data.word()), data);
        }
    }

    #[test]
    fn a_filling_guard_completes_the_address() {
        assert_eq!(CNodeCapData::fill(13).guard_size_bits(), 51);
        assert_eq!(CNodeCapData::fill(13).guard(), 0);
    }
}
