//! The gate: whether a run costs more than the reference.
//!
//! Instruction counts under `icount` repeat exactly, so they are compared exactly and any increase is a regression. That
//! holds only between like and like: `conditions` says what a run's counts depend on besides the sources, and where two
//! runs differ in it the answer is "inconclusive". Everything measured in host time is left out. [`compare`] reads both
//! runs; a [`Comparison`] prints itself and is an [`Exit`](crate::exit::Exit).

mod change;
mod comparison;
mod conditions;

use std::path::Path;

pub use change::{Change, Direction, Shift};
pub use comparison::{Comparison, Verdict};

use crate::manifest::Manifest;
use crate::results::{SUMMARY_FILE, SummaryTable};

/// Compares the run in `run` with the one in `reference`.
///
/// # Errors
///
/// One of them has no summary or manifest that can be read. A run without any manifest is no error but inconclusive.
pub fn compare(reference: &Path, run: &Path) -> anyhow::Result<Comparison> {
    let obstacles =
        conditions::differences(Manifest::load(reference)?.as_ref(), Manifest::load(run)?.as_ref());
    let expected = SummaryTable::load(&reference.join(SUMMARY_FILE))?;
    let found = SummaryTable::load(&run.join(SUMMARY_FILE))?;
    Ok(Comparison::new(obstacles, &expected, &found))
}

#[cfg(test)]
mod tests;
