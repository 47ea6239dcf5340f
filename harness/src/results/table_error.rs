//! What can go wrong with a table of results.

use std::io;
use std::path::PathBuf;

/// A results file that cannot be read, or a row that cannot be added.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file cannot be read.
    #[error("cannot read {path}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is not what this harness writes.
    #[error("{path}:{line}: {reason}", path = path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The boot is in the table already.
    #[error("repeat {repeat} of {cell} is in the samples already; a measured cell is never replaced")]
    AlreadyPresent {
        /// The cell.
        cell: String,
        /// The repeat.
        repeat: u32,
    },
    /// A series without samples, or with one that is no number.
    #[error("the samples of `{metric}` for {cell} are empty or hold something that is not a number")]
    BadSamples {
        /// The cell.
        cell: String,
        /// The metric.
        metric: String,
    },
}
