//! Rights of a capability, as passed to Copy, Mint and Map.

/// Rights mask; only the low four bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct CapRights(u64);

const WRITE: u64 = 1 << 0;
const READ: u64 = 1 << 1;
const GRANT: u64 = 1 << 2;
const GRANT_REPLY: u64 = 1 << 3;
const MASK: u64 = WRITE | READ | GRANT | GRANT_REPLY;

impl CapRights {
    /// No right at all.
    pub const NONE: Self = Self(0);
    /// Every right.
    pub const ALL: Self = Self(MASK);
    /// Write, or send.
    pub const WRITE: Self = Self(WRITE);
    /// Read, or receive.
    pub const READ: Self = Self(READ);
    /// Send capabilities along.
    pub const GRANT: Self = Self(GRANT);
    /// Send a reply capability along, which is what Call needs.
    pub const GRANT_REPLY: Self = Self(GRANT_REPLY);
    /// Read and write.
    pub const READ_WRITE: Self = Self(READ | WRITE);
    /// Everything but write.
    pub const NO_WRITE: Self = Self(MASK & !WRITE);
    /// Everything but read.
    pub const NO_READ: Self = Self(MASK & !READ);

    /// Takes a word from a message; bits without a meaning are dropped.
    #[must_use]
    pub const fn from_word(word: u64) -> Self {
        Self(word & MASK)
    }

    /// The word that goes into a message.
    #[must_use]
    pub const fn word(self) -> u64 {
        self.0
    }

    /// These rights and those of `other`.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The rights that both have.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether any right of `other` is among these.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether all rights of `other` are among these.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

const _: () = assert!(CapRights::ALL.0 == 0xf && CapRights::READ_WRITE.0 == 3);
const _: () = assert!(CapRights::NO_WRITE.0 == 0xe && CapRights::NO_READ.0 == 0xd);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_low_four_bits_of_a_word_are_looked_at() {
        assert_eq!(CapRights::from_word(u64::MAX), CapRights::ALL);
        assert_eq!(CapRights::from_word(0xfff0), CapRights::NONE);
    }

    #[test]
    fn contains_is_subset() {
        assert!(CapRights::ALL.contains(CapRights::READ_WRITE));
        assert!(!CapRights::NO_WRITE.contains(CapRights::READ_WRITE));
        assert!(CapRights::NONE.contains(CapRights::NONE));
    }
}
