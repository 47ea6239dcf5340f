//! What is wrong with a log, where, and what that means.

use std::fmt;

use rel4_records::{FieldError, RecordError};

/// A place in a serial log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Line number, from 1.
    pub line: u64,
    /// Byte offset from the start of the log.
    pub offset: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} (byte {})", self.line, self.offset)
    }
}

/// Something wrong with the records of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it was noticed.
    pub place: Place,
    /// What it is.
    pub kind: ProblemKind,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.kind)
    }
}

/// The ways in which records can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProblemKind {
    /// A line starts like a record and is none.
    #[error("a record is damaged: {error}: `{excerpt}`")]
    Damaged {
        /// What the record format says.
        error: RecordError,
        /// The start of the damaged text.
        excerpt: String,
    },
    /// Sequence numbers are missing.
    #[error("{} missing before this one", numbers(*first, *last))]
    Gap {
        /// The first missing number.
        first: u64,
        /// The last missing number.
        last: u64,
    },
    /// A sequence number that is not beyond the ones before it.
    #[error(
        "record {seq} comes when record {expected} is due, so it was repeated or moved; it is not counted"
    )]
    NotInOrder {
        /// The number found.
        seq: u64,
        /// The number that was due.
        expected: u64,
    },
    /// A second first record.
    #[error(
        "a second begin record: the guest started again in the middle of the run; its records are not counted"
    )]
    Restarted,
    /// The first record is of another kind.
    #[error("the first record is not a begin record, so the workload's parameters are unknown")]
    NoBegin,
    /// A record of another run.
    #[error("a record of run {found}, but this is run {expected}: the log holds the output of another boot")]
    WrongRun {
        /// The run id found.
        found: String,
        /// The run id due.
        expected: String,
    },
    /// A record after the last one.
    #[error("record {seq} comes after the end record, so the workload ended twice or too early")]
    AfterEnd {
        /// Its sequence number.
        seq: u64,
    },
    /// The end record's count does not agree with its own place.
    #[error("the end record says {said} records came before it, but its number is {seq}")]
    CountMismatch {
        /// What it says.
        said: u64,
        /// Its sequence number.
        seq: u64,
    },
    /// The end record lacks a field or holds nonsense in it.
    #[error("the end record cannot be used: {0}")]
    BadEnd(FieldError),
    /// A status that the format does not know.
    #[error("the end record's status `{0}` is neither ok nor failed")]
    UnknownStatus(String),
    /// A line too long to be looked at whole.
    #[error("a line is longer than {limit} bytes and was read in pieces")]
    LongLine {
        /// The longest piece, in bytes.
        limit: usize,
    },
}

impl ProblemKind {
    /// Whether a log with this problem may lack a measurement or hold a wrong one.
    #[must_use]
    pub fn spoils_the_run(&self) -> bool {
        !matches!(self, Self::LongLine { .. })
    }
}

fn numbers(first: u64, last: u64) -> String {
    if first == last { format!("record {first} is") } else { format!("records {first} to {last} are") }
}
