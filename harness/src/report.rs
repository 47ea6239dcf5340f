//! What a run comes to: the derived files, and the lines at its end.

use std::path::Path;

use crate::exit::Exit;
use crate::junit::{self, JUNIT_FILE};
use crate::manifest::{Manifest, State};
use crate::results::{SUMMARY_FILE, SampleTable, SummaryTable};
use crate::store;

/// Writes `summary.csv` and `junit.xml`.
///
/// # Errors
/// They cannot be written.
pub fn write(directory: &Path, manifest: &Manifest, samples: &SampleTable) -> anyhow::Result<()> {
    SummaryTable::of(samples).save(&directory.join(SUMMARY_FILE))?;
    let report = junit::report(manifest)?;
    store::replace(&directory.join(JUNIT_FILE), |file| Ok(file.write_all(report.as_bytes())?))
}

/// Prints the medians, what went wrong, and the count of cells; the answer is the run's exit code.
#[must_use]
pub fn print(directory: &Path, manifest: &Manifest, samples: &SampleTable) -> Exit {
    for row in SummaryTable::of(samples).rows {
        let summary = &row.summary;
        println!(
            "{}: {} median {} {} [{}, {}], n = {}",
            row.key, row.metric, summary.median, row.unit, summary.ci_low, summary.ci_high, summary.n
        );
    }
    for cell in manifest.cells.iter().filter(|cell| cell.outcome.exit() != Exit::Done) {
        println!("{}: {}", cell.id, cell.outcome);
    }
    let count = |exit| manifest.cells.iter().filter(|cell| cell.outcome.exit() == exit).count();
    println!(
        "{}: {} of {} cells finished: {} measured, {} failed, {} inconclusive",
        directory.display(),
        manifest.cells.len(),
        manifest.planned.len(),
        count(Exit::Done),
        count(Exit::Failed),
        count(Exit::Inconclusive)
    );
    exit_of(manifest)
}

/// The gravest thing that happened: cells are missing, else some failed, else some prove nothing.
fn exit_of(manifest: &Manifest) -> Exit {
    if manifest.state == State::Incomplete {
        return Exit::Tooling;
    }
    let has = |exit| manifest.cells.iter().any(|cell| cell.outcome.exit() == exit);
    [Exit::Failed, Exit::Inconclusive].into_iter().find(|exit| has(*exit)).unwrap_or(Exit::Done)
}
