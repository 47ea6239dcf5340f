//! The samples and tests of a run, from its logs: they are the truth, everything else is derived from them.

use std::path::Path;

use anyhow::{Context as _, bail};

use super::cell::read_log;
use crate::clients::{Exchange, load_exchanges};
use crate::costmodel::setup::read_report;
use crate::manifest::{CellRecord, Manifest};
use crate::results::{SampleTable, TestTable, Witnesses, measure};
use crate::serial::Verdict;

/// Reads the samples of all measured cells of the run in `directory` from their logs.
///
/// # Errors
/// A log is gone or no longer proves what the manifest says.
pub fn of_run(directory: &Path, manifest: &Manifest) -> anyhow::Result<SampleTable> {
    let mut samples = SampleTable::default();
    for cell in manifest.cells.iter().filter(|cell| cell.outcome.has_samples()) {
        let path = directory.join(&cell.serial);
        let log = read_log(&path, &cell.run_id)?;
        if log.verdict != Verdict::Complete {
            bail!(
                "{} was complete when {} was measured, but now it is {}",
                path.display(),
                cell.id,
                log.verdict
            );
        }
        let meta = cell.meta();
        let report = match &cell.model {
            Some(_) => Some(read_report(directory, &cell.id, &cell.platform)?),
            None => None,
        };
        let exchanges = exchanges_of(directory, cell)?;
        let witnesses = Witnesses { report: report.as_ref(), exchanges: exchanges.as_deref() };
        let series = measure(&log.records, witnesses, &meta)
            .with_context(|| format!("cannot read {}", path.display()))?;
        samples.insert(&meta, series)?;
    }
    Ok(samples)
}

/// What clients from outside measured in `cell` of the run in `directory`; nothing where there were none.
pub(super) fn exchanges_of(directory: &Path, cell: &CellRecord) -> anyhow::Result<Option<Vec<Exchange>>> {
    Ok(cell.exchanges.as_ref().map(|file| load_exchanges(&directory.join(file))).transpose()?)
}

/// Reads the tests of all finished cells of the run in `directory` that ran a test suite, passed or not.
///
/// # Errors
/// A log cannot be read.
pub fn tests_of_run(directory: &Path, manifest: &Manifest) -> anyhow::Result<TestTable> {
    let mut tests = TestTable::default();
    for cell in &manifest.cells {
        tests.insert(&cell.meta(), &read_log(&directory.join(&cell.serial), &cell.run_id)?);
    }
    Ok(tests)
}
