//! The gate: whether a run costs more than the reference.
//!
//! Every row has a [`Limit`]: instruction counts of one hart repeat exactly and may not rise by one; what else repeats less well may rise by
//! a share, learned from a [`History`] of runs where there is one. That holds only between like and like: `conditions` says what a run's numbers depend on
//! besides the sources, and where two runs differ in it the answer is "inconclusive". [`compare`] reads both runs; a [`Comparison`]
//! prints itself and is an [`Exit`](crate::exit::Exit). A suspect is run again (`rerun`) before it is called a regression.

mod change;
mod comparison;
pub(crate) mod conditions;
mod history;
mod limit;
mod rerun;

use std::path::Path;

pub use change::{Change, Direction, Shift};
pub use comparison::{Comparison, Verdict};
pub use history::History;
pub use limit::{Basis, ENOUGH_RUNS, Limit};
pub use rerun::rerun;

use crate::manifest::Manifest;
use crate::results::{SUMMARY_FILE, SummaryTable};

/// Compares the run in `run` with the one in `reference`, by what the runs in the folder `history` teach.
///
/// # Errors
///
/// One of them has no summary or manifest that can be read. A run without any manifest is no error but inconclusive.
pub fn compare(reference: &Path, run: &Path, history: &Path) -> anyhow::Result<Comparison> {
    let (reference_manifest, manifest) = (Manifest::load(reference)?, Manifest::load(run)?);
    let obstacles = conditions::differences(reference_manifest.as_ref(), manifest.as_ref());
    let history = match &manifest {
        Some(manifest) => History::load(history, manifest)?,
        None => History::default(),
    };
    let expected = SummaryTable::load(&reference.join(SUMMARY_FILE))?;
    let found = SummaryTable::load(&run.join(SUMMARY_FILE))?;
    Ok(Comparison::new(obstacles, &expected, &found, &history))
}

#[cfg(test)]
mod tests;
