//! Capability addresses.

/// Bits in a machine word, and in a capability address.
pub const WORD_BITS: u32 = 64;

/// Address of a capability slot in a `CSpace`. Any word is one; whether it resolves is the kernel's to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct CPtr(pub u64);

impl CPtr {
    /// Address 0, by convention an empty slot.
    pub const NULL: Self = Self(0);

    /// The address as a word.
    #[must_use]
    pub const fn word(self) -> u64 {
        self.0
    }
}
