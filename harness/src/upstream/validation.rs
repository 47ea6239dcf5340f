//! The cost model's cycles beside those of a board.
//!
//! Where the kernel is upstream's own, its modelled cycles are compared as they are. Where it is one of ours, only the price of an instruction
//! is the model's: cycles an instruction of ours times upstream's instructions is what upstream's kernel would cost under the model. Such an
//! estimate is *provisional*: our kernel's mix of instructions and memory accesses stands for upstream's.

use std::fmt;
use std::path::Path;

use serde::Serialize;

use super::published::{Build, Cycles, Instructions};
use crate::exit::Exit;
use crate::manifest::Manifest;
use crate::results::{CellKey, SummaryTable, csv_file};
use crate::stats;

/// The file that [`Validation::save`] writes in a run directory.
pub const VALIDATION_FILE: &str = "upstream-cycles.csv";

/// The most that the median error may be, as a share.
pub const MOST_IN_THE_MEDIAN: f64 = 0.15;
/// The most that any error may be.
pub const MOST_OF_ALL: f64 = 0.40;

/// How an estimate came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// Upstream's kernel ran under the model.
    Measured,
    /// The model's cycles an instruction, from a kernel of ours, times upstream's instructions.
    Provisional,
}

/// An operation on one kernel under one preset.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The kernel that ran.
    pub kernel: String,
    /// The platform, which names the preset.
    pub platform: String,
    /// The operation's name.
    pub operation: String,
    /// What it is.
    pub description: String,
    /// The board's median.
    pub published: f64,
    /// The modelled cycles of the kernel that ran.
    pub modelled: f64,
    /// The modelled instructions of the kernel that ran.
    pub instructions: f64,
    /// What the model says of upstream's kernel.
    pub estimate: f64,
    /// How it came about.
    pub basis: Basis,
    /// How far the estimate is above the board's median, as a share of that.
    pub error: f64,
}

/// Every operation that can be judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Validation {
    /// The rows, by kernel and platform, in upstream's order.
    pub rows: Vec<Row>,
    /// Operations that were measured and published, but not in upstream's instructions, so that a kernel of ours says nothing of them.
    pub unjudged: Vec<String>,
}

impl Validation {
    /// Judges the cycles of `summary`, which is the summary of the run `manifest`.
    #[must_use]
    pub fn new(
        cycles: &[Cycles],
        instructions: &[Instructions],
        summary: &SummaryTable,
        manifest: &Manifest,
    ) -> Self {
        let mut validation = Self { rows: Vec::new(), unjudged: Vec::new() };
        let mut cells: Vec<_> = summary.rows.iter().map(|row| &row.key).collect();
        cells.dedup();
        for cell in cells {
            let is_ours =
                manifest.images.get(&cell.kernel).is_none_or(|image| image.build_of_our_kernel().is_some());
            let build = if cell.harts == 1 { Build::Unicore } else { Build::Smp };
            for board in cycles.iter().filter(|row| row.build == build) {
                let median = |metric: &str, unit: &str| median_of(summary, cell, metric, unit);
                let Some(modelled) = median(&board.id, "cycles") else { continue };
                let Some(counted) = median(&format!("{}_instructions", board.id), "instructions") else {
                    continue;
                };
                // They are those of the kernel for one hart.
                let upstream = instructions.iter().find(|row| row.id == board.id && build == Build::Unicore);
                let (estimate, basis) = match (is_ours, upstream) {
                    (false, _) => (modelled, Basis::Measured),
                    (true, Some(upstream)) => {
                        (modelled / counted * upstream.instructions, Basis::Provisional)
                    }
                    (true, None) => {
                        validation.unjudged.push(board.id.clone());
                        continue;
                    }
                };
                validation.rows.push(Row {
                    kernel: cell.kernel.clone(),
                    platform: cell.platform.clone(),
                    operation: board.id.clone(),
                    description: board.operation.clone(),
                    published: board.median,
                    modelled,
                    instructions: counted,
                    estimate,
                    basis,
                    error: estimate / board.median - 1.0,
                });
            }
        }
        let Self { rows, unjudged } = &mut validation;
        unjudged.retain(|id| rows.iter().all(|row| row.operation != *id));
        unjudged.sort();
        unjudged.dedup();
        validation
    }

    /// Median and maximum of the errors of `rows`, without their signs.
    #[must_use]
    pub fn errors(rows: &[Row]) -> Option<(f64, f64)> {
        let errors: Vec<_> = rows.iter().map(|row| row.error.abs()).collect();
        Some((stats::median(&errors)?, errors.into_iter().fold(0.0, f64::max)))
    }

    /// The process's exit.
    #[must_use]
    pub fn exit(&self) -> Exit {
        if self.rows.is_empty() {
            return Exit::Inconclusive;
        }
        let good = |rows| {
            Self::errors(rows)
                .is_some_and(|(median, worst)| median <= MOST_IN_THE_MEDIAN && worst <= MOST_OF_ALL)
        };
        if self.tables().all(good) { Exit::Done } else { Exit::Failed }
    }

    /// The rows of each kernel and platform.
    pub fn tables(&self) -> impl Iterator<Item = &[Row]> {
        self.rows.chunk_by(|a, b| (&a.kernel, &a.platform) == (&b.kernel, &b.platform))
    }

    /// Writes the rows into the run directory `run`.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn save(&self, run: &Path) -> anyhow::Result<()> {
        let columns = [
            "kernel",
            "platform",
            "operation",
            "description",
            "published",
            "modelled",
            "instructions",
            "estimate",
            "basis",
            "error",
        ];
        let rounded = |value: f64| (value * 1e3).round() / 1e3;
        let rows = self.rows.iter().map(|row| Row {
            estimate: rounded(row.estimate),
            error: rounded(row.error),
            ..row.clone()
        });
        csv_file::replace(&run.join(VALIDATION_FILE), &columns, rows)
    }
}

fn median_of(summary: &SummaryTable, cell: &CellKey, metric: &str, unit: &str) -> Option<f64> {
    let row = summary.rows.iter().find(|row| row.key == *cell && row.metric == metric && row.unit == unit)?;
    Some(row.summary.median)
}

/// A Markdown table for each kernel and platform.
impl fmt::Display for Validation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for table in self.tables() {
            let Row { kernel, platform, basis, .. } = &table[0];
            writeln!(f, "### {platform}, by way of {kernel}\n")?;
            match basis {
                Basis::Measured => writeln!(f, "Upstream's kernel under the model.\n")?,
                Basis::Provisional => writeln!(
                    f,
                    "Provisional: the model's cycles an instruction of {kernel}, times upstream's instructions.\n"
                )?,
            }
            writeln!(f, "| operation | what | board | model | error | {kernel} itself |")?;
            writeln!(f, "| --- | --- | ---: | ---: | ---: | --- |")?;
            for Row { operation, description, published, estimate, error, modelled, instructions, .. } in
                table
            {
                let percent = error * 100.0;
                writeln!(
                    f,
                    "| {operation} | {description} | {published} | {estimate:.0} | {percent:+.0} % | {modelled} cycles, {instructions} instructions |"
                )?;
            }
            if let Some((median, worst)) = Self::errors(table) {
                let (median, worst) = (median * 100.0, worst * 100.0);
                writeln!(f, "\nMedian error {median:.0} %, at most {worst:.0} %.\n")?;
            }
        }
        if self.rows.is_empty() {
            writeln!(
                f,
                "nothing to judge: the run has no modelled cycles of operations that upstream published"
            )?;
        }
        if !self.unjudged.is_empty() {
            writeln!(
                f,
                "Not judged, since upstream's instructions are not published: {}.",
                self.unjudged.join(", ")
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(operation: &str, basis: Basis, error: f64) -> Row {
        Row {
            kernel: "sel4".to_owned(),
            platform: "virt-u54".to_owned(),
            operation: operation.to_owned(),
            description: "what".to_owned(),
            published: 1000.0,
            modelled: 2000.0,
            instructions: 1500.0,
            estimate: 1000.0 * (1.0 + error),
            basis,
            error,
        }
    }

    fn validation(errors: &[f64]) -> Validation {
        let rows = errors.iter().map(|&error| row("ipc_call", Basis::Provisional, error)).collect();
        Validation { rows, unjudged: Vec::new() }
    }

    #[test]
    fn a_large_median_or_one_large_error_is_a_failure() {
        assert_eq!(validation(&[0.15, -0.1, 0.4]).exit(), Exit::Done);
        assert_eq!(validation(&[0.16, -0.16, 0.1]).exit(), Exit::Failed);
        assert_eq!(validation(&[0.0, 0.0, -0.41]).exit(), Exit::Failed);
        assert_eq!(validation(&[]).exit(), Exit::Inconclusive);
    }

    #[test]
    fn an_estimate_says_what_it_rests_on() {
        let text = validation(&[-0.25]).to_string();
        assert!(text.contains("Provisional"), "{text}");
        assert!(
            text.contains("| ipc_call | what | 1000 | 750 | -25 % | 2000 cycles, 1500 instructions |"),
            "{text}"
        );
        assert!(text.contains("Median error 25 %, at most 25 %."), "{text}");
    }
}
