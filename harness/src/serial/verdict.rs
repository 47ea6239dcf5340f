//! What a boot came to.

use std::fmt;

/// What a serial log proves about its boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every record came, undamaged, and the workload says that all went well.
    Complete,
    /// The workload or the test suite says that something failed.
    Failed(Vec<String>),
    /// Part of the log is missing or damaged, so it proves nothing.
    Incomplete(String),
    /// The kernel panicked.
    KernelPanic(String),
    /// The loader panicked.
    LoaderPanic(String),
    /// A thread faulted and nobody handled it.
    UnhandledFault(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete => f.write_str("complete"),
            Self::Failed(reasons) => write!(f, "failed: {}", reasons.join("; ")),
            Self::Incomplete(reason) => write!(f, "incomplete: {reason}"),
            Self::KernelPanic(message) => write!(f, "the kernel panicked: {message}"),
            Self::LoaderPanic(message) => write!(f, "the loader panicked: {message}"),
            Self::UnhandledFault(message) => write!(f, "a thread faulted without a handler: {message}"),
        }
    }
}
