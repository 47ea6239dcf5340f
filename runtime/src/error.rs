//! Failures of invocations.

use core::fmt;

use rel4_abi::InvocationError;

/// Why an invocation did not do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The kernel refused.
    Refused(InvocationError),
    /// The answer's label is no error code: the capability was not that of a kernel object.
    UnknownAnswer {
        /// The label.
        label: u64,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::UnknownAnswer { label } => write!(f, "UnknownAnswer/{label}"),
        }
    }
}

impl core::error::Error for Error {}
