//! From the records of the microbenchmarks to metrics, one for each operation.

use std::collections::BTreeMap;

use rel4_costmodel::options::Detail;
use rel4_costmodel::report::Report;
use rel4_markers::Stage;

use super::measurement::{MeasurementError, Series};
use super::raw::RawRun;
use super::stages::{Overheads, stages_of};
use crate::config::Clock;
use crate::costmodel::stages::{StageRun, stages};
use crate::serial::Record;
use crate::stats;

/// Stands in the place of an operation whose window is of no interest, and of an overhead that is none.
const NONE: &str = "none";

/// The unit of what the guest counts.
pub(super) const INSTRUCTIONS: &str = "instructions";

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
        None if clock.counts_instructions() => counted(run, &announced)?,
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
    let mut breakdown = Vec::new();
    let mut rest = windows.as_slice();
    for series in announced {
        let (own, others) = rest.split_at(series.windows());
        rest = others;
        let per_cycle = series.operations.len();
        for (index, operation) in series.operations.iter().enumerate().filter(|(_, name)| **name != NONE) {
            let samples: Vec<&StageRun> = own
                .iter()
                .skip(index)
                .step_by(per_cycle)
                .skip(series.warmup)
                .take(series.rounds)
                .copied()
                .collect();
            let all_cycles = samples.iter().map(|run| run.cycles as f64).collect();
            let all_instructions = samples
                .iter()
                .map(|run| (run.figures.user.instructions + run.figures.kernel.instructions) as f64);
            cycles.add(operation, series.overhead, "cycles", all_cycles)?;
            instructions.add(operation, series.overhead, INSTRUCTIONS, all_instructions.collect())?;
            let overheads = Overheads {
                cycles: cycles.overhead(series.overhead),
                instructions: instructions.overhead(series.overhead),
            };
            breakdown.extend(stages_of(operation, &samples, overheads));
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
    all.extend(breakdown);
    Ok(all)
}

/// Series without the overhead of measuring, which is taken from series before.
#[derive(Default)]
struct Net {
    overheads: BTreeMap<String, f64>,
    series: Vec<Series>,
}

impl Net {
    /// The overhead of this name; 0 if there is none.
    fn overhead(&self, overhead: &str) -> f64 {
        self.overheads.get(overhead).copied().unwrap_or(0.0)
    }

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

#[cfg(test)]
mod tests {
    use rel4_costmodel::report::{Figure, Figures};
    use rel4_records::{Kind, RecordWriter, RunId, Status};

    use super::*;
    use crate::serial::parse;

    /// The records of a boot that announces `series` (operations, overhead, warm-up, rounds, cool-down) and writes `samples`.
    fn boot(series: &[(&str, &str, [u64; 3])], samples: &[(&str, &[u64])]) -> Vec<Record> {
        let mut writer = RecordWriter::new(String::new(), RunId::new("1").expect("legal"));
        writer.record(Kind::Begin).field("workload", "bench").finish().expect("legal");
        for (operations, overhead, [warmup, rounds, cooldown]) in series {
            let note = writer.record(Kind::Note).field("operations", operations).field("overhead", overhead);
            let note = note.field("warmup", warmup).field("rounds", rounds);
            note.field("cooldown", cooldown).finish().expect("legal");
        }
        for (metric, values) in samples {
            writer.samples(metric, INSTRUCTIONS, values).expect("legal");
        }
        writer.end(Status::Ok).expect("legal");
        parse(writer.into_sink().as_bytes(), None).records
    }

    const EMPTY: (&str, &str, [u64; 3]) = ("overhead_empty", NONE, [0, 2, 0]);
    const IPC: (&str, &str, [u64; 3]) = ("ipc_call,none", "overhead_empty", [1, 2, 1]);

    fn counted(records: &[Record]) -> Result<Vec<Series>, MeasurementError> {
        bench(&RawRun::new(records).expect("sound"), None, Clock::Icount)
    }

    fn one(metric: &str, unit: &str, values: &[f64]) -> Series {
        Series { metric: metric.to_owned(), unit: unit.to_owned(), values: values.to_vec() }
    }

    #[test]
    fn the_overhead_of_measuring_is_taken_off() {
        let records = boot(&[EMPTY, IPC], &[("overhead_empty", &[5, 5]), ("ipc_call", &[254, 255])]);
        let expected = [
            one("overhead_empty", INSTRUCTIONS, &[5.0, 5.0]),
            one("ipc_call", INSTRUCTIONS, &[249.0, 250.0]),
        ];
        assert_eq!(counted(&records), Ok(expected.to_vec()));
    }

    #[test]
    fn what_does_not_fit_together_is_named() {
        let overhead = ("overhead_empty", &[5, 5][..]);
        for (series, samples, expected) in [
            (&[][..], &[][..], BenchError::Nothing),
            (&[EMPTY, IPC], &[overhead], BenchError::NoSamples("ipc_call".into())),
            (&[EMPTY, IPC], &[overhead, ("ipc_call", &[9])], BenchError::OtherSamples("ipc_call".into())),
            (&[EMPTY, IPC], &[overhead, ("ipc_call", &[9, 4])], BenchError::BelowOverhead("ipc_call".into())),
            (
                &[IPC],
                &[("ipc_call", &[9, 9])],
                BenchError::NoOverhead { operation: "ipc_call".into(), overhead: "overhead_empty".into() },
            ),
        ] {
            assert_eq!(counted(&boot(series, samples)), Err(expected.into()));
        }
    }

    #[test]
    fn under_the_hosts_clock_nothing_is_counted() {
        let records = boot(&[EMPTY], &[("overhead_empty", &[5, 5])]);
        let error = bench(&RawRun::new(&records).expect("sound"), None, Clock::Host);
        assert_eq!(error, Err(BenchError::Clock("host").into()));
    }

    /// Windows of so many cycles, with half as many instructions, one after the other.
    fn stage_runs(cycles: &[u64]) -> Vec<StageRun> {
        let figures = |cycles: u64| Figures {
            user: Figure { cycles: 0, instructions: 0 },
            kernel: Figure { cycles, instructions: cycles / 2 },
            ..Figures::default()
        };
        let run = |&cycles| StageRun {
            hart: 0,
            stage: Stage::Operation,
            cycles,
            figures: figures(cycles),
            sections: Vec::new(),
        };
        cycles.iter().map(run).collect()
    }

    fn announced(records: &[Record]) -> Vec<Announced<'_>> {
        records
            .iter()
            .filter(|record| record.kind == Kind::Note)
            .map(|note| Announced::read(note).expect("sound"))
            .collect()
    }

    #[test]
    fn the_models_windows_are_dealt_out_in_the_announced_order_without_warm_up_and_cool_down() {
        let records = boot(&[EMPTY, IPC], &[]);
        let announced = announced(&records);
        let windows = [2, 2, 1000, 7, 100, 7, 102, 7, 1000, 7];
        let series = modelled(&announced, &stage_runs(&windows), Detail::Blocks).expect("sound");
        let call = |metric: &str| series.iter().find(|series| series.metric == metric).cloned();
        assert_eq!(call("ipc_call"), Some(one("ipc_call", "cycles", &[98.0, 100.0])));
        assert_eq!(
            call("ipc_call_instructions"),
            Some(one("ipc_call_instructions", INSTRUCTIONS, &[49.0, 50.0]))
        );
        let alone = modelled(&announced, &stage_runs(&windows), Detail::Schedule).expect("sound");
        assert_eq!(alone[1], one("ipc_call", INSTRUCTIONS, &[49.0, 50.0]));
    }

    #[test]
    fn a_window_too_few_or_too_many_is_an_error() {
        let records = boot(&[EMPTY], &[]);
        let (announced, windows) = (announced(&records), stage_runs(&[2, 2, 2]));
        for found in [1, 3] {
            let error = modelled(&announced, &windows[..found], Detail::Blocks);
            assert_eq!(error, Err(BenchError::Windows { expected: 2, found }));
        }
    }
}
