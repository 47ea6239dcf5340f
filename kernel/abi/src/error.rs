//! Error codes: the label of the answer to a failed invocation.

/// Label of the answer to an invocation that succeeded.
pub const NO_ERROR: u64 = 0;

/// Why an invocation failed. [`crate::InvocationError`] adds the words that come with each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Error {
    /// An argument is not acceptable.
    InvalidArgument = 1,
    /// The invoked or a passed capability is not acceptable.
    InvalidCapability = 2,
    /// The operation does not exist for this capability, or not in its state.
    IllegalOperation = 3,
    /// An argument is outside its range.
    RangeError = 4,
    /// An address is not aligned.
    AlignmentError = 5,
    /// A capability or translation lookup failed.
    FailedLookup = 6,
    /// The message is too short or carries too few capabilities.
    TruncatedMessage = 7,
    /// The destination is occupied.
    DeleteFirst = 8,
    /// The source has children, or copies.
    RevokeFirst = 9,
    /// The untyped is too small.
    NotEnoughMemory = 10,
}

impl Error {
    /// The error of answer label `label`: `None` for success and for labels that are no error code.
    #[must_use]
    pub const fn from_label(label: u64) -> Option<Self> {
        Some(match label {
            1 => Self::InvalidArgument,
            2 => Self::InvalidCapability,
            3 => Self::IllegalOperation,
            4 => Self::RangeError,
            5 => Self::AlignmentError,
            6 => Self::FailedLookup,
            7 => Self::TruncatedMessage,
            8 => Self::DeleteFirst,
            9 => Self::RevokeFirst,
            10 => Self::NotEnoughMemory,
            _ => return None,
        })
    }

    /// The answer label.
    #[must_use]
    pub const fn label(self) -> u64 {
        self as u64
    }

    /// seL4's name for it, without spaces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidArgument => "InvalidArgument",
            Self::InvalidCapability => "InvalidCapability",
            Self::IllegalOperation => "IllegalOperation",
            Self::RangeError => "RangeError",
            Self::AlignmentError => "AlignmentError",
            Self::FailedLookup => "FailedLookup",
            Self::TruncatedMessage => "TruncatedMessage",
            Self::DeleteFirst => "DeleteFirst",
            Self::RevokeFirst => "RevokeFirst",
            Self::NotEnoughMemory => "NotEnoughMemory",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_1_to_10_are_the_errors_and_no_others() {
        for label in 0..64 {
            assert_eq!(
                Error::from_label(label).map(Error::label),
                (1..=10).contains(&label).then_some(label)
            );
        }
        assert_eq!(Error::from_label(u64::MAX), None);
    }
}
