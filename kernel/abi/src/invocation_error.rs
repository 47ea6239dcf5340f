//! The complete answer to a failed invocation: error code and the words that explain it.

use core::fmt;

use crate::error::Error;
use crate::lookup_failure::LookupFailure;

/// Which of an operation's lookups failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum LookupSide {
    /// The destination, or whatever is not a source.
    Target = 0,
    /// The source.
    Source = 1,
}

/// Message words an error answer has at most.
pub const MAX_WORDS: usize = 5;

/// A failed invocation with its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvocationError {
    /// An argument is not acceptable.
    InvalidArgument {
        /// Its index.
        index: u64,
    },
    /// A capability is not acceptable.
    InvalidCapability {
        /// 0 for the invoked capability, from 1 for the extra ones.
        index: u64,
    },
    /// The operation does not exist for this capability, or not in its state.
    IllegalOperation,
    /// An argument is outside its range.
    RangeError {
        /// Least acceptable value.
        min: u64,
        /// Greatest acceptable value.
        max: u64,
    },
    /// An address is not aligned.
    AlignmentError,
    /// A capability or translation lookup failed.
    FailedLookup {
        /// Which lookup.
        side: LookupSide,
        /// How.
        failure: LookupFailure,
    },
    /// The message is too short or carries too few capabilities.
    TruncatedMessage,
    /// The destination is occupied.
    DeleteFirst,
    /// The source has children, or copies.
    RevokeFirst,
    /// The untyped is too small.
    NotEnoughMemory {
        /// Bytes that are free in it.
        bytes_free: u64,
    },
}

impl InvocationError {
    /// The error code: the label of the answer.
    #[must_use]
    pub const fn error(self) -> Error {
        match self {
            Self::InvalidArgument { .. } => Error::InvalidArgument,
            Self::InvalidCapability { .. } => Error::InvalidCapability,
            Self::IllegalOperation => Error::IllegalOperation,
            Self::RangeError { .. } => Error::RangeError,
            Self::AlignmentError => Error::AlignmentError,
            Self::FailedLookup { .. } => Error::FailedLookup,
            Self::TruncatedMessage => Error::TruncatedMessage,
            Self::DeleteFirst => Error::DeleteFirst,
            Self::RevokeFirst => Error::RevokeFirst,
            Self::NotEnoughMemory { .. } => Error::NotEnoughMemory,
        }
    }

    /// The message words of the answer, and how many of them count.
    #[must_use]
    pub const fn words(self) -> ([u64; MAX_WORDS], usize) {
        match self {
            Self::InvalidArgument { index } | Self::InvalidCapability { index } => ([index, 0, 0, 0, 0], 1),
            Self::RangeError { min, max } => ([min, max, 0, 0, 0], 2),
            Self::FailedLookup { side, failure } => {
                let ([code, first, second, third], length) = failure.words();
                ([side as u64, code, first, second, third], 1 + length)
            }
            Self::NotEnoughMemory { bytes_free } => ([bytes_free, 0, 0, 0, 0], 1),
            Self::IllegalOperation
            | Self::AlignmentError
            | Self::TruncatedMessage
            | Self::DeleteFirst
            | Self::RevokeFirst => ([0; MAX_WORDS], 0),
        }
    }

    /// Reads an answer back. `None` if `label` is no error code or the words do not make sense with it.
    #[must_use]
    pub const fn decode(label: u64, words: [u64; MAX_WORDS]) -> Option<Self> {
        let Some(error) = Error::from_label(label) else { return None };
        let [first, second, third, fourth, fifth] = words;
        Some(match error {
            Error::InvalidArgument => Self::InvalidArgument { index: first },
            Error::InvalidCapability => Self::InvalidCapability { index: first },
            Error::IllegalOperation => Self::IllegalOperation,
            Error::RangeError => Self::RangeError { min: first, max: second },
            Error::AlignmentError => Self::AlignmentError,
            Error::FailedLookup => {
                let side = match first {
                    0 => LookupSide::Target,
                    1 => LookupSide::Source,
                    _ => return None,
                };
                let Some(failure) = LookupFailure::decode([second, third, fourth, fifth]) else {
                    return None;
                };
                Self::FailedLookup { side, failure }
            }
            Error::TruncatedMessage => Self::TruncatedMessage,
            Error::DeleteFirst => Self::DeleteFirst,
            Error::RevokeFirst => Self::RevokeFirst,
            Error::NotEnoughMemory => Self::NotEnoughMemory { bytes_free: first },
        })
    }
}

/// The error's name and its words, as in `FailedLookup/0/2/21`: one token, so that it can stand in a record.
impl fmt::Display for InvocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.error().name())?;
        let (words, length) = self.words();
        words[..length].iter().try_for_each(|word| write!(f, "/{word}"))
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::ToString;

    use super::*;

    #[test]
    fn every_error_decodes_from_its_label_and_words() {
        let failure = LookupFailure::GuardMismatch { bits_left: 64, guard_found: 3, bits_found: 51 };
        let cases = [
            (InvocationError::InvalidArgument { index: 2 }, 1),
            (InvocationError::InvalidCapability { index: 1 }, 1),
            (InvocationError::IllegalOperation, 0),
            (InvocationError::RangeError { min: 1, max: 256 }, 2),
            (InvocationError::AlignmentError, 0),
            (InvocationError::FailedLookup { side: LookupSide::Source, failure }, 5),
            (InvocationError::TruncatedMessage, 0),
            (InvocationError::DeleteFirst, 0),
            (InvocationError::RevokeFirst, 0),
            (InvocationError::NotEnoughMemory { bytes_free: 4096 }, 1),
        ];
        for (error, expected_length) in cases {
            let (words, length) = error.words();
            assert_eq!(length, expected_length, "{error:?}");
            assert_eq!(InvocationError::decode(error.error().label(), words), Some(error));
        }
    }

    #[test]
    fn the_level_of_a_missing_page_table_is_message_word_2() {
        let failure = LookupFailure::MissingCapability { bits_left: 21 };
        let (words, _) = InvocationError::FailedLookup { side: LookupSide::Target, failure }.words();
        assert_eq!(words[2], 21);
    }

    #[test]
    fn an_error_prints_as_one_token_with_its_words() {
        let failure = LookupFailure::MissingCapability { bits_left: 21 };
        let error = InvocationError::FailedLookup { side: LookupSide::Target, failure };
        assert_eq!(error.to_string(), "FailedLookup/0/2/21");
        assert_eq!(InvocationError::RevokeFirst.to_string(), "RevokeFirst");
    }

    #[test]
    fn labels_that_are_no_error_decode_to_nothing() {
        assert_eq!(InvocationError::decode(0, [0; MAX_WORDS]), None);
        assert_eq!(InvocationError::decode(11, [0; MAX_WORDS]), None);
    }
}
