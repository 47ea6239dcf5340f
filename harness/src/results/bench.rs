//! From the records of the microbenchmarks to metrics, one for each operation.

use std::collections::BTreeMap;

use rel4_costmodel::options::Detail;
use rel4_costmodel::report::Report;
use rel4_markers::Stage;

use super::measurement::{MeasurementError, Series};
use super::raw::RawRun;
use crate::config::Clock;
use crate::costmodel::stages::{StageRun, stages};
use crate::serial::Record;
use crate::stats;

/// Stands in the place of an operation whose window is of no interest, and of an overhead that is none.
const NONE: &str = "none";

/// The unit of what the guest counts.
const INSTRUCTIONS: &str = "instructions";

/// Why the records of the microbenchmarks give no measurement.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BenchError {
    /// The guest announced nothing.
    #[error("the guest measured nothing")]
    Nothing,
    /// An operation without its samples.
    #[error(
        "the guest wrote no samples of `{0}`; where the kernel keeps the instruction counter from user code, use the clock `model`"
    )]
    NoSamples(String),
    /// Samples that are not as many or not of the unit that was announced.
    #[error("the samples of `{0}` are not those that the guest announced")]
    OtherSamples(String),
    /// Only instructions can be counted, and the clock counts something else.
    #[error("under the clock `{0}` the microbenchmarks count nothing; use `icount` or `model`")]
    Clock(&'static str),
    /// The markers are not those of the operations.
    #[error("the cost model saw {found} windows, but the guest announced {expected}")]
    Windows {
        /// What the guest announced.
        expected: usize,
        /// What the model saw.
        found: usize,
    },
    /// An overhead that was never measured.
    #[error("the overhead of `{operation}`, `{overhead}`, was not measured before it")]
    NoOverhead {
        /// The operation.
        operation: String,
        /// The overhead.
        overhead: String,
    },
    /// An operation that costs less than measuring it.
    #[error("`{0}` costs less than the overhead of measuring it")]
    BelowOverhead(String),
}

/// A series as the guest announced it.
struct Announced<'r> {
    operations: Vec<&'r str>,
    overhead: &'r str,
    warmup: usize,
    rounds: usize,
    cooldown: usize,
}

impl<'r> Announced<'r> {
    fn read(note: &'r Record) -> Result<Self, MeasurementError> {
        let bad = |error| MeasurementError::at(note, error);
        Ok(Self {
            operations: note.text("operations").map_err(bad)?.split(',').collect(),
            overhead: note.text("overhead").map_err(bad)?,
            warmup: note.number("warmup").map_err(bad)? as usize,
            rounds: note.number("rounds").map_err(bad)? as usize,
            cooldown: note.number("cooldown").map_err(bad)? as usize,
        })
    }

    /// All windows.
    fn windows(&self) -> usize {
        self.operations.len() * (self.warmup + self.rounds + self.cooldown)
    }
}

/// The cost of each operation without that of measuring it: in instructions, or, with a report of the cost model, in cycles and instructions.
pub(super) fn bench(
    run: &RawRun<'_>,
    report: Option<&Report>,
    clock: Clock,
) -> Result<Vec<Series>, MeasurementError> {
    let announced: Vec<_> = run.notes_with("operations").map(Announced::read).collect::<Result<_, _>>()?;
    if announced.is_empty() {
        return Err(BenchError::Nothing.into());
    }
    let all = match report {
        Some(report) => modelled(&announced, &stages(report)?, report.detail)?,
        None if clock == Clock::Icount => counted(run, &announced)?,
        None => return Err(BenchError::Clock(clock.name()).into()),
    };
    Ok(all)
}

/// What the guest counted.
fn counted(run: &RawRun<'_>, announced: &[Announced<'_>]) -> Result<Vec<Series>, BenchError> {
    let mut net = Net::default();
    for series in announced {
        for &operation in series.operations.iter().filter(|&&operation| operation != NONE) {
            let raw = run.raw(operation).ok_or_else(|| BenchError::NoSamples(operation.to_owned()))?;
            if raw.values.len() != series.rounds || raw.unit != INSTRUCTIONS {
                return Err(BenchError::OtherSamples(operation.to_owned()));
            }
            let values = raw.values.iter().map(|&value| value as f64).collect();
            net.add(operation, series.overhead, INSTRUCTIONS, values)?;
        }
    }
    Ok(net.series)
}

/// What the cost model saw between the markers: window after window in the order that the guest announced.
///
/// A plugin that only schedules knows no cycles; then there are the instructions alone, under the operations' names.
fn modelled(
    announced: &[Announced<'_>],
    stages: &[StageRun],
    detail: Detail,
) -> Result<Vec<Series>, BenchError> {
    let windows: Vec<_> = stages.iter().filter(|run| run.stage == Stage::Operation).collect();
    let expected = announced.iter().map(Announced::windows).sum();
    if windows.len() != expected {
        return Err(BenchError::Windows { expected, found: windows.len() });
    }
    let (mut cycles, mut instructions) = (Net::default(), Net::default());
    let mut rest = windows.as_slice();
    for series in announced {
        let (own, others) = rest.split_at(series.windows());
        rest = others;
        let per_cycle = series.operations.len();
        for (index, operation) in series.operations.iter().enumerate().filter(|(_, name)| **name != NONE) {
            let samples =
                || own.iter().skip(index).step_by(per_cycle).skip(series.warmup).take(series.rounds);
            let all_cycles = samples().map(|run| run.cycles as f64).collect();
            let all_instructions =
                samples().map(|run| (run.figures.user.instructions + run.figures.kernel.instructions) as f64);
            cycles.add(operation, series.overhead, "cycles", all_cycles)?;
            instructions.add(operation, series.overhead, INSTRUCTIONS, all_instructions.collect())?;
        }
    }
    if detail == Detail::Schedule {
        return Ok(instructions.series);
    }
    let mut all = cycles.series;
    all.extend(
        instructions
            .series
            .into_iter()
            .map(|series| Series { metric: format!("{}_{INSTRUCTIONS}", series.metric), ..series }),
    );
    Ok(all)
}

/// Series without the overhead of measuring, which is taken from series before.
#[derive(Default)]
struct Net {
    overheads: BTreeMap<String, f64>,
    series: Vec<Series>,
}

impl Net {
    fn add(
        &mut self,
        operation: &str,
        overhead: &str,
        unit: &str,
        mut values: Vec<f64>,
    ) -> Result<(), BenchError> {
        if overhead == NONE {
            self.overheads.extend(stats::median(&values).map(|median| (operation.to_owned(), median)));
        } else {
            let median = self.overheads.get(overhead).ok_or_else(|| BenchError::NoOverhead {
                operation: operation.to_owned(),
                overhead: overhead.to_owned(),
            })?;
            values.iter_mut().for_each(|value| *value -= median);
        }
        if values.iter().any(|&value| value < 0.0) {
            return Err(BenchError::BelowOverhead(operation.to_owned()));
        }
        self.series.push(Series { metric: operation.to_owned(), unit: unit.to_owned(), values });
        Ok(())
    }
}
