//! Why a capability or translation lookup failed, as it appears in error answers and in fault messages.

/// Reason of a failed lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupFailure {
    /// The root of the space is not usable.
    InvalidRoot,
    /// There is no capability or table entry where the lookup ended.
    MissingCapability {
        /// Address bits not yet resolved.
        bits_left: u64,
    },
    /// The address has fewer bits left than the `CNode` resolves.
    DepthMismatch {
        /// Address bits not yet resolved.
        bits_left: u64,
        /// Bits the `CNode` would resolve.
        bits_found: u64,
    },
    /// The guard of a `CNode` differs from the address.
    GuardMismatch {
        /// Address bits not yet resolved.
        bits_left: u64,
        /// The guard of the `CNode` capability.
        guard_found: u64,
        /// Size of that guard in bits.
        bits_found: u64,
    },
}

/// Words a lookup failure takes in a message at most, its type code included.
pub const MAX_WORDS: usize = 4;

impl LookupFailure {
    /// Type code, the first word. (Code 0, "no failure", is never sent.)
    #[must_use]
    pub const fn code(self) -> u64 {
        match self {
            Self::InvalidRoot => 1,
            Self::MissingCapability { .. } => 2,
            Self::DepthMismatch { .. } => 3,
            Self::GuardMismatch { .. } => 4,
        }
    }

    /// Type code and payload as message words, and how many of them count.
    #[must_use]
    pub const fn words(self) -> ([u64; MAX_WORDS], usize) {
        let code = self.code();
        match self {
            Self::InvalidRoot => ([code, 0, 0, 0], 1),
            Self::MissingCapability { bits_left } => ([code, bits_left, 0, 0], 2),
            Self::DepthMismatch { bits_left, bits_found } => ([code, bits_left, bits_found, 0], 3),
            Self::GuardMismatch { bits_left, guard_found, bits_found } => {
                ([code, bits_left, guard_found, bits_found], 4)
            }
        }
    }

    /// Reads back what [`LookupFailure::words`] gives; unused words are ignored.
    #[must_use]
    pub const fn decode(words: [u64; MAX_WORDS]) -> Option<Self> {
        let [code, bits_left, second, third] = words;
        Some(match code {
            1 => Self::InvalidRoot,
            2 => Self::MissingCapability { bits_left },
            3 => Self::DepthMismatch { bits_left, bits_found: second },
            4 => Self::GuardMismatch { bits_left, guard_found: second, bits_found: third },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_decodes_from_its_words_and_uses_one_word_more_than_the_one_before() {
        let failures = [
            LookupFailure::InvalidRoot,
            LookupFailure::MissingCapability { bits_left: 21 },
            LookupFailure::DepthMismatch { bits_left: 5, bits_found: 13 },
            LookupFailure::GuardMismatch { bits_left: 64, guard_found: 7, bits_found: 51 },
        ];
        for (index, failure) in failures.into_iter().enumerate() {
            let (words, length) = failure.words();
            assert_eq!(length, index + 1);
            assert_eq!(words[0], length as u64);
            assert_eq!(LookupFailure::decode(words), Some(failure));
        }
        assert_eq!(LookupFailure::decode([0; 4]), None);
        assert_eq!(LookupFailure::decode([5; 4]), None);
    }
}
