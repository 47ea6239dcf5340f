//! What operations of the microbenchmarks cost stage by stage, as a table, with a check that can fail: the stages, measured on a kernel with
//! tracepoints, must add up to what the same kernel without them takes.

use std::fmt;

use rel4_markers::Tracepoint;

use crate::manifest::{BuildRecord, Manifest};
use crate::results::{CellKey, SummaryRow, SummaryTable};

/// How far the sum of the stages may be from the whole, in percent of it.
pub const LIMIT_PERCENT: f64 = 2.0;

/// Cycles of one more line or page that code may lie across, however little of it there is: what `u54` takes for a line from the L2, which is
/// more than for a page. Tracepoints move code.
const PLACE_CYCLES: f64 = 21.0;

/// The feature of a kernel that says where its stages begin.
const TRACEPOINTS: &str = "tracepoints";

/// What is counted: its unit, and what the names of metrics in it end with.
const QUANTITIES: [(&str, &str); 2] = [("cycles", ""), ("instructions", "_instructions")];

/// A kernel with tracepoints and the same one without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The one with tracepoints.
    pub traced: String,
    /// The one without.
    pub untraced: String,
}

/// The pairs among the kernels of a run: the same features but for the tracepoints, the same settings.
#[must_use]
pub fn pairs(manifest: &Manifest) -> Vec<Pair> {
    let kernels =
        || manifest.images.iter().filter_map(|(name, image)| Some((name, image.build_of_our_kernel()?)));
    let is_traced = |build: &BuildRecord| build.features.iter().any(|feature| feature == TRACEPOINTS);
    let traced = kernels().filter(|(_, build)| is_traced(build));
    let all = traced.flat_map(|(name, traced)| {
        let twins = kernels().filter(|(_, build)| !is_traced(build) && are_twins(traced, build));
        twins.map(move |(twin, _)| Pair { traced: name.clone(), untraced: twin.clone() })
    });
    all.collect()
}

fn are_twins(traced: &BuildRecord, untraced: &BuildRecord) -> bool {
    let rest = traced.features.iter().filter(|feature| *feature != TRACEPOINTS);
    traced.settings == untraced.settings && rest.eq(&untraced.features)
}

/// An operation in one unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The cell, on the kernel with tracepoints.
    pub key: CellKey,
    /// The operation.
    pub operation: String,
    /// The unit of all numbers but the tracepoints.
    pub unit: &'static str,
    /// The medians of the stages, in the order of [`Tracepoint::OF_SYSTEM_CALL`], without the tracepoints' own instructions.
    pub stages: [f64; Tracepoint::OF_SYSTEM_CALL.len()],
    /// The median of the whole operation on the kernel without tracepoints.
    pub whole: f64,
    /// How many tracepoints an operation passes: on hardware, as many instructions more.
    pub tracepoints: f64,
}

impl Row {
    /// All stages together.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.stages.iter().sum()
    }

    /// How far the sum is from the whole, in percent of the whole.
    #[must_use]
    pub fn error_percent(&self) -> f64 {
        100.0 * (self.sum() - self.whole) / self.whole
    }

    /// Whether the stages add up to the whole: within the limit, or within what the place of the code in memory is worth.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        let place = if self.unit == "cycles" { PLACE_CYCLES } else { 0.0 };
        (self.sum() - self.whole).abs() <= place.max(LIMIT_PERCENT / 100.0 * self.whole)
    }
}

/// All operations whose stages are known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Breakdown {
    /// The rows, by cell, then by unit.
    pub rows: Vec<Row>,
}

impl Breakdown {
    /// The operations of `summary` that both kernels of a pair carried out.
    #[must_use]
    pub fn new(summary: &SummaryTable, pairs: &[Pair]) -> Self {
        let mut rows = Vec::new();
        for pair in pairs {
            for (unit, suffix) in QUANTITIES {
                let first = format!("_{}{suffix}", Tracepoint::OF_SYSTEM_CALL[0].name());
                let traced = |row: &&SummaryRow| row.key.kernel == pair.traced && row.unit == unit;
                rows.extend(summary.rows.iter().filter(traced).filter_map(|row| {
                    let operation = row.metric.strip_suffix(&first)?;
                    let stage = |stage: Tracepoint| {
                        summary.median(&row.key, &format!("{operation}_{}{suffix}", stage.name()))
                    };
                    let untraced = CellKey { kernel: pair.untraced.clone(), ..row.key.clone() };
                    Some(Row {
                        key: row.key.clone(),
                        operation: operation.to_owned(),
                        unit,
                        stages: all_of(Tracepoint::OF_SYSTEM_CALL.map(stage))?,
                        whole: summary.median(&untraced, &format!("{operation}{suffix}"))?,
                        tracepoints: summary.median(&row.key, &format!("{operation}_tracepoints"))?,
                    })
                }));
            }
        }
        Self { rows }
    }

    /// Whether the numbers of `row` are in the table.
    #[must_use]
    pub fn covers(&self, row: &SummaryRow) -> bool {
        let of_cell = self.rows.iter().filter(|known| known.key == row.key);
        let mut rests =
            of_cell.filter_map(|known| row.metric.strip_prefix(&known.operation)?.strip_prefix('_'));
        rests.any(|rest| {
            let stage = rest.strip_suffix("_instructions").unwrap_or(rest);
            stage == TRACEPOINTS
                || Tracepoint::OF_SYSTEM_CALL.iter().any(|tracepoint| tracepoint.name() == stage)
        })
    }

    /// The operations whose stages do not add up.
    pub fn failures(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| !row.adds_up())
    }
}

/// All of the numbers, if none is missing.
fn all_of<const N: usize>(numbers: [Option<f64>; N]) -> Option<[f64; N]> {
    numbers.iter().all(Option::is_some).then(|| numbers.map(Option::unwrap_or_default))
}

/// A Markdown table for each kernel, platform and unit.
impl fmt::Display for Breakdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_table = |row: &Row| (row.key.kernel.clone(), row.key.platform.clone(), row.unit);
        for table in self.rows.chunk_by(|a, b| of_table(a) == of_table(b)) {
            let Row { key, unit, .. } = &table[0];
            writeln!(f, "### {unit} by stage: {} on {}\n", key.kernel, key.platform)?;
            write!(f, "| operation |")?;
            Tracepoint::OF_SYSTEM_CALL.iter().try_for_each(|stage| write!(f, " {} |", stage.name()))?;
            writeln!(f, " sum | without tracepoints | error | tracepoints |")?;
            writeln!(
                f,
                "| --- |{} ---: | ---: | ---: | ---: |",
                " ---: |".repeat(Tracepoint::OF_SYSTEM_CALL.len())
            )?;
            for row in table {
                write!(f, "| {} |", row.operation)?;
                row.stages.iter().try_for_each(|stage| write!(f, " {stage} |"))?;
                let (sum, whole, error) = (row.sum(), row.whole, row.error_percent());
                let verdict = if row.adds_up() { "" } else { ", above the limit" };
                writeln!(f, " {sum} | {whole} | {error:+.2} %{verdict} | {} |", row.tracepoints)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// A run of `configs/stages.toml`, as it was measured.
    fn recorded() -> SummaryTable {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded/stages.csv");
        SummaryTable::load(&file).expect("a recorded summary")
    }

    fn pair(traced: &str, untraced: &str) -> Pair {
        Pair { traced: traced.to_owned(), untraced: untraced.to_owned() }
    }

    fn both_pairs() -> [Pair; 2] {
        [pair("sel4-traced", "sel4"), pair("sel4-slowpath-traced", "sel4-slowpath")]
    }

    #[test]
    fn the_recorded_stages_add_up_to_what_the_operation_takes_without_tracepoints() {
        let breakdown = Breakdown::new(&recorded(), &both_pairs());
        let known = |operation: &str| breakdown.rows.iter().filter(|row| row.operation == operation).count();
        for operation in ["ipc_call", "ipc_call_len10", "ipc_reply", "ipc_reply_len10", "notify_high_process"]
        {
            assert_eq!(known(operation), 4, "{operation} in two units on two kernels");
        }
        let failures: Vec<_> = breakdown.failures().collect();
        assert!(failures.is_empty(), "{failures:?}");
        // Nothing of it is zero: each of these operations goes through every stage.
        for row in breakdown.rows.iter().filter(|row| row.operation.starts_with("ipc_")) {
            assert!(row.stages.iter().all(|&stage| stage > 0.0), "{row:?}");
        }
    }

    #[test]
    fn stages_that_do_not_add_up_are_seen() {
        let mut summary = recorded();
        let lookup =
            |row: &&mut SummaryRow| row.key.kernel == "sel4-traced" && row.metric == "ipc_call_lookup";
        let lookup = summary.rows.iter_mut().find(lookup).expect("it was measured");
        lookup.summary.median += PLACE_CYCLES + 1.0;
        let breakdown = Breakdown::new(&summary, &both_pairs());
        let failures: Vec<_> = breakdown.failures().collect();
        assert!(matches!(failures[..], [row] if row.operation == "ipc_call" && row.unit == "cycles"));
        assert!(breakdown.to_string().contains("above the limit"));
    }

    #[test]
    fn the_place_of_code_is_worth_one_miss_and_excuses_no_instruction() {
        let row = |unit, sum| Row {
            key: recorded().rows[0].key.clone(),
            operation: "wait".to_owned(),
            unit,
            stages: [sum, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            whole: 500.0,
            tracepoints: 7.0,
        };
        assert!(row("cycles", 521.0).adds_up());
        assert!(!row("cycles", 522.0).adds_up());
        assert!(!row("instructions", 511.0).adds_up());
        let preset = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/costmodel/u54.toml");
        let preset: toml::Table = fs::read_to_string(preset).expect("readable").parse().expect("TOML");
        let price = |table: &str, key: &str| preset[table][key]["value"].as_integer().expect("a price");
        assert_eq!(price("l2", "hit").max(price("tlb", "miss")), PLACE_CYCLES as i64);
    }

    #[test]
    fn a_kernel_whose_twin_was_not_measured_has_no_rows() {
        let breakdown = Breakdown::new(&recorded(), &[pair("sel4-traced", "another")]);
        assert_eq!(breakdown, Breakdown::default());
    }

    #[test]
    fn what_the_table_shows_and_nothing_else_is_covered() {
        let summary = recorded();
        let breakdown = Breakdown::new(&summary, &both_pairs());
        let covered = |kernel: &str, metric: &str| {
            let mut rows = summary.rows.iter().filter(|row| row.key.kernel == kernel && row.metric == metric);
            breakdown.covers(rows.next().expect("it was measured"))
        };
        assert!(covered("sel4-traced", "ipc_call_entry"));
        assert!(covered("sel4-traced", "ipc_call_len10_switch_instructions"));
        assert!(covered("sel4-traced", "ipc_call_tracepoints"));
        assert!(!covered("sel4-traced", "ipc_call"));
        assert!(!covered("sel4-traced", "ipc_call_len10_instructions"));
        assert!(!covered("sel4", "ipc_call"));
    }

    #[test]
    fn twins_differ_in_tracepoints_alone() {
        let build = |features: &[&str], tick: &str| BuildRecord {
            features: features.iter().map(|&feature| feature.to_owned()).collect(),
            settings: BTreeMap::from([("REL4_TICK_MS".to_owned(), tick.to_owned())]),
            parts: BTreeMap::new(),
            symbols: BTreeMap::new(),
        };
        let traced = build(&["sync-ipc", "fastpath", "tracepoints"], "2");
        assert!(are_twins(&traced, &build(&["sync-ipc", "fastpath"], "2")));
        assert!(!are_twins(&traced, &build(&["sync-ipc"], "2")));
        assert!(!are_twins(&traced, &build(&["sync-ipc", "fastpath"], "1000")));
    }
}
