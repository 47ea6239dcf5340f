//! The microbenchmarks' instruction counts beside upstream's.

use std::fmt;
use std::path::Path;

use serde::Serialize;

use super::published::Instructions;
use crate::exit::Exit;
use crate::results::{SummaryTable, csv_file};

/// The file that [`Comparison::save`] writes in a run directory.
pub const COMPARISON_FILE: &str = "upstream-instructions.csv";

/// An operation on one kernel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The kernel.
    pub kernel: String,
    /// The platform.
    pub platform: String,
    /// The operation's name.
    pub operation: String,
    /// What it is.
    pub description: String,
    /// Upstream's count.
    pub upstream: f64,
    /// The median of ours.
    pub ours: f64,
    /// Ours divided by upstream's.
    pub ratio: f64,
    /// Whether ours is at most upstream's.
    pub verdict: Verdict,
}

/// Whether a count is at most upstream's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is.
    Met,
    /// It is more.
    Missed,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Met => "met",
            Self::Missed => "missed",
        })
    }
}

/// Every operation that both have.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The rows, by kernel and platform, in upstream's order.
    pub rows: Vec<Row>,
}

impl Comparison {
    /// Compares `summary` with upstream's counts.
    #[must_use]
    pub fn new(published: &[Instructions], summary: &SummaryTable) -> Self {
        let counted = |row: &&_| is_counted(row);
        let mut cells: Vec<_> = summary.rows.iter().filter(counted).map(|row| &row.key).collect();
        cells.dedup();
        let rows = cells.into_iter().flat_map(|cell| {
            published.iter().filter_map(move |upstream| {
                let ours = summary
                    .rows
                    .iter()
                    .filter(counted)
                    .find(|row| row.key == *cell && row.metric == upstream.id)?;
                let (upstream_count, ours) = (upstream.instructions, ours.summary.median);
                Some(Row {
                    kernel: cell.kernel.clone(),
                    platform: cell.platform.clone(),
                    operation: upstream.id.clone(),
                    description: upstream.operation.clone(),
                    upstream: upstream_count,
                    ours,
                    ratio: ours / upstream_count,
                    verdict: if ours <= upstream_count { Verdict::Met } else { Verdict::Missed },
                })
            })
        });
        Self { rows: rows.collect() }
    }

    /// The process's exit.
    #[must_use]
    pub fn exit(&self) -> Exit {
        if self.rows.is_empty() {
            Exit::Inconclusive
        } else if self.rows.iter().all(|row| row.verdict == Verdict::Met) {
            Exit::Done
        } else {
            Exit::Failed
        }
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
        let columns =
            ["kernel", "platform", "operation", "description", "upstream", "ours", "ratio", "verdict"];
        let rows = self.rows.iter().map(|row| Row { ratio: (row.ratio * 1e3).round() / 1e3, ..row.clone() });
        csv_file::replace(&run.join(COMPARISON_FILE), &columns, rows)
    }
}

fn is_counted(row: &crate::results::SummaryRow) -> bool {
    row.unit == "instructions"
}

/// A Markdown table for each kernel and platform.
impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for table in self.tables() {
            let Row { kernel, platform, .. } = &table[0];
            writeln!(f, "### {kernel} on {platform}\n")?;
            writeln!(f, "| operation | what | upstream | {kernel} | ratio | target |")?;
            writeln!(f, "| --- | --- | ---: | ---: | ---: | --- |")?;
            for Row { operation, description, upstream, ours, ratio, verdict, .. } in table {
                writeln!(
                    f,
                    "| {operation} | {description} | {upstream} | {ours} | {ratio:.2} | {verdict} |"
                )?;
            }
            let met = table.iter().filter(|row| row.verdict == Verdict::Met).count();
            writeln!(f, "\n{met} of {} at most upstream's.\n", table.len())?;
        }
        if self.rows.is_empty() {
            writeln!(
                f,
                "nothing to compare: the run has no instruction counts of operations that upstream published"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::results::{CellKey, SummaryRow};
    use crate::stats::Summary;

    fn row(kernel: &str, metric: &str, unit: &str, median: f64) -> SummaryRow {
        let key = CellKey {
            experiment: "bench".to_owned(),
            kernel: kernel.to_owned(),
            platform: "virt".to_owned(),
            harts: 1,
            workload: "bench".to_owned(),
            parameters: BTreeMap::new(),
        };
        let summary = Summary::of(&[median]).expect("one sample");
        SummaryRow { key, metric: metric.to_owned(), unit: unit.to_owned(), summary }
    }

    fn published() -> Vec<Instructions> {
        [("ipc_call", 250.0), ("map_1", 800.0)]
            .map(|(id, instructions)| Instructions {
                id: id.to_owned(),
                operation: "what".to_owned(),
                instructions,
            })
            .into()
    }

    fn compare(rows: &[SummaryRow]) -> Comparison {
        Comparison::new(&published(), &SummaryTable { rows: rows.to_vec() })
    }

    #[test]
    fn as_many_instructions_as_upstream_meet_the_target_and_one_more_misses_it() {
        let met = compare(&[row("sel4", "ipc_call", "instructions", 250.0)]);
        assert_eq!((met.rows[0].verdict, met.exit()), (Verdict::Met, Exit::Done));
        let missed = compare(&[row("sel4", "ipc_call", "instructions", 251.0)]);
        assert_eq!((missed.rows[0].verdict, missed.exit()), (Verdict::Missed, Exit::Failed));
    }

    #[test]
    fn cycles_and_operations_that_upstream_lacks_are_not_compared() {
        let rows = [row("sel4", "ipc_call", "cycles", 9.0), row("sel4", "cnode_copy", "instructions", 9.0)];
        assert_eq!(compare(&rows).exit(), Exit::Inconclusive);
    }

    #[test]
    fn each_kernel_has_a_table_of_its_own() {
        let text = compare(&[
            row("fast", "ipc_call", "instructions", 200.0),
            row("fast", "map_1", "instructions", 880.0),
            row("slow", "ipc_call", "instructions", 500.0),
        ])
        .to_string();
        for line in [
            "### fast on virt",
            "| ipc_call | what | 250 | 200 | 0.80 | met |",
            "| map_1 | what | 800 | 880 | 1.10 | missed |",
            "1 of 2 at most upstream's.",
            "### slow on virt",
            "| ipc_call | what | 250 | 500 | 2.00 | missed |",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}
