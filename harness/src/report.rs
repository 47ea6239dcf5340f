//! What a run comes to: the derived files, and the lines at its end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::breakdown::{self, Breakdown, LIMIT_PERCENT};
use crate::costmodel::series;
use crate::exit::Exit;
use crate::figures::{self, Drawn, FigureError, FigureSpec};
use crate::junit::{self, JUNIT_FILE};
use crate::manifest::{CellRecord, Manifest, State};
use crate::plan::Skipped;
use crate::results::{
    self, SAMPLES_FILE, SUMMARY_FILE, SampleTable, SummaryRow, SummaryTable, TESTS_FILE, TestTable,
};
use crate::run;
use crate::store;

/// What a run measured.
#[derive(Debug, Clone)]
pub struct Findings {
    /// Every sample.
    pub samples: SampleTable,
    /// Their summaries.
    pub summary: SummaryTable,
    /// The tests of test suites.
    pub tests: TestTable,
}

impl Findings {
    /// Reads them from the logs of the run in `directory`: they are the truth.
    ///
    /// # Errors
    /// A log cannot be read, or no longer proves what the manifest says.
    pub fn from_logs(directory: &Path, manifest: &Manifest) -> anyhow::Result<Self> {
        let samples = run::of_run(directory, manifest)?;
        let tests = run::tests_of_run(directory, manifest)?;
        Ok(Self { summary: SummaryTable::of(&samples), samples, tests })
    }

    /// Reads them from the tables of the run in `directory`, for runs that are kept without their logs.
    ///
    /// # Errors
    /// A table cannot be read.
    pub fn from_tables(directory: &Path) -> anyhow::Result<Self> {
        let samples = SampleTable::load(&directory.join(SAMPLES_FILE))?;
        let summary = SummaryTable::load(&directory.join(SUMMARY_FILE))?;
        let tests = TestTable::load(&directory.join(TESTS_FILE))?;
        Ok(Self { samples, summary, tests })
    }

    /// The summaries for whoever reads a run from end to end. The counters of harts and the costs of single tests are for who looks
    /// for something: they are in the file.
    pub fn shown(&self) -> impl Iterator<Item = &SummaryRow> {
        let suites = self.tests.cells();
        let is_shown =
            move |row: &&SummaryRow| !series::is_counter(&row.metric) && !suites.contains(&row.key);
        self.summary.rows.iter().filter(is_shown)
    }
}

/// Writes `summary.csv`, `junit.xml`, and `tests.csv` where a test suite ran.
///
/// # Errors
/// They cannot be written.
pub fn write(directory: &Path, manifest: &Manifest, findings: &Findings) -> anyhow::Result<()> {
    findings.summary.save(&directory.join(SUMMARY_FILE))?;
    if !findings.tests.is_empty() {
        findings.tests.save(&directory.join(TESTS_FILE))?;
    }
    let report = junit::report(manifest, &findings.tests)?;
    store::replace(&directory.join(JUNIT_FILE), |file| Ok(file.write_all(report.as_bytes())?))
}

/// Where the figures of the run in `directory` are.
#[must_use]
pub fn figures_folder(directory: &Path) -> PathBuf {
    directory.join("figures")
}

/// What became of the figures.
#[derive(Debug, Default)]
pub struct Drawing {
    /// Those that were drawn.
    pub drawn: Vec<Drawn>,
    /// Those that the run has no samples for, and of what.
    pub left_out: Vec<FigureError>,
    /// Those that do not suit the run's samples, and why.
    pub failed: Vec<FigureError>,
}

impl Drawing {
    /// Prints which figures were drawn, and which could not be: the answer is [`Exit::Tooling`] if there are such.
    #[must_use]
    pub fn print(&self) -> Exit {
        for figure in &self.drawn {
            println!("figure: {}", figure.png.display());
        }
        for error in &self.failed {
            println!("not drawn: {error}");
        }
        if self.failed.is_empty() { Exit::Done } else { Exit::Tooling }
    }
}

/// Draws every figure that `samples` has something for into `folder`.
///
/// # Errors
/// A specification is wrong, or no figure at all can be drawn or written.
pub fn draw(
    specifications: &Path,
    samples: &SampleTable,
    manifest: &Manifest,
    folder: &Path,
) -> anyhow::Result<Drawing> {
    let mut drawing = Drawing::default();
    for specification in FigureSpec::load_all(specifications)? {
        match figures::draw(&specification, samples, &manifest.run, folder) {
            Ok(files) => drawing.drawn.push(files),
            Err(error) => match error.downcast() {
                Ok(reason @ FigureError::NoSamples { .. }) => drawing.left_out.push(reason),
                Ok(error @ (FigureError::NoFont { .. } | FigureError::BadFont { .. })) => {
                    return Err(error.into());
                }
                Ok(error) => drawing.failed.push(error),
                Err(error) => return Err(error),
            },
        }
    }
    Ok(drawing)
}

/// What the kernels warned of, each once.
pub fn warnings(manifest: &Manifest) -> BTreeSet<String> {
    let of_cell = |cell: &CellRecord| {
        let place = format!("{} on {}", cell.kernel, cell.platform);
        cell.warnings.iter().map(|warning| format!("{place}: {warning}")).collect::<Vec<_>>()
    };
    manifest.cells.iter().flat_map(of_cell).collect()
}

/// What a reader has to know of kernels that ran under the cost model without the harness knowing what is in them.
pub fn notes(manifest: &Manifest) -> BTreeSet<String> {
    let modelled = manifest.cells.iter().filter(|cell| cell.model.is_some()).map(|cell| &cell.kernel);
    let is_foreign = |kernel: &&String| {
        manifest.images.get(*kernel).is_some_and(|image| image.build_of_our_kernel().is_none())
    };
    let note = |kernel| {
        format!(
            "kernel {kernel} was not built here: the cost model counts it as a whole, without the stages of traps, and finds no \
             handlers of user interrupts"
        )
    };
    modelled.filter(is_foreign).map(note).collect()
}

/// Prints the medians, how the tests of a suite went, what went wrong, and the count of cells; the answer is the run's
/// exit code.
#[must_use]
pub fn print(directory: &Path, manifest: &Manifest, findings: &Findings) -> Exit {
    let breakdown = Breakdown::new(&findings.summary, &breakdown::pairs(manifest));
    for row in findings.shown().filter(|row| !breakdown.covers(row)) {
        let summary = &row.summary;
        println!(
            "{}: {} median {} {} [{}, {}], n = {}",
            row.key, row.metric, summary.median, row.unit, summary.ci_low, summary.ci_high, summary.n
        );
    }
    print!("{breakdown}");
    for row in breakdown.failures() {
        println!(
            "{}: the stages of {} take {} {}, {:+.2} % beside what it takes without tracepoints; the limit is {LIMIT_PERCENT} %",
            row.key,
            row.operation,
            row.sum(),
            row.unit,
            row.error_percent()
        );
    }
    for cell in &manifest.cells {
        if let Some(tests) = findings.tests.of(&cell.meta()) {
            println!("{}: tests: {}", cell.id, results::count(tests));
        }
    }
    for cell in manifest.cells.iter().chain(unfinished(manifest)) {
        if cell.outcome.exit() != Exit::Done {
            println!("{}: {} (log: {})", cell.id, cell.outcome, directory.join(&cell.serial).display());
        }
    }
    for warning in warnings(manifest) {
        println!("warning: {warning}");
    }
    print_skipped(&manifest.skipped);
    for note in notes(manifest) {
        println!("note: {note}");
    }
    let repeated: u32 = manifest.cells.iter().map(|cell| cell.retries).sum();
    if repeated > 0 {
        let again = manifest.cells.iter().filter(|cell| cell.outcome.is_stall()).count();
        println!("{repeated} boot(s) stood still and were repeated; {again} of them stood still again");
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
    match exit_of(manifest) {
        Exit::Done if breakdown.failures().next().is_some() => Exit::Failed,
        exit => exit,
    }
}

/// Says what was not run, and why.
pub fn print_skipped(skipped: &[Skipped]) {
    for cell in skipped {
        println!("{}: skipped: {}", cell.id, cell.reason);
    }
}

/// The last attempt at each cell that no attempt finished.
pub fn unfinished(manifest: &Manifest) -> impl Iterator<Item = &CellRecord> {
    let last: BTreeMap<&str, &CellRecord> =
        manifest.abandoned.iter().map(|attempt| (attempt.id.as_str(), attempt)).collect();
    last.into_values().filter(|attempt| manifest.cell(&attempt.id).is_none())
}

/// The gravest thing that happened: cells are missing, else some failed, else some prove nothing.
#[must_use]
pub fn exit_of(manifest: &Manifest) -> Exit {
    if manifest.state == State::Incomplete {
        return Exit::Tooling;
    }
    let has = |exit| manifest.cells.iter().any(|cell| cell.outcome.exit() == exit);
    [Exit::Failed, Exit::Inconclusive].into_iter().find(|exit| has(*exit)).unwrap_or(Exit::Done)
}
