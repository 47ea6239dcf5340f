//! From raw counts to metrics.

use rel4_costmodel::report::Report;
use rel4_records::FieldError;

use super::bench::{BenchError, bench};
use super::call_stages;
use super::cell::CellMeta;
use super::messages;
use super::notification::notification;
use super::outside;
use super::per_call;
use super::raw::RawRun;
use crate::clients::Exchange;
use crate::config::{Clock, Program, Value};
use crate::costmodel::one_way::OneWayError;
use crate::costmodel::series;
use crate::costmodel::stages::MarkerError;
use crate::serial::{Place, Record};
use crate::stats;

/// The samples of one metric in one boot.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The metric's name.
    pub metric: String,
    /// The unit of the values.
    pub unit: String,
    /// The samples in the order they were taken.
    pub values: Vec<f64>,
}

/// Why records that are sound give no measurement.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MeasurementError {
    /// There is no begin record.
    #[error("there is no begin record, so the workload is unknown")]
    NoBegin,
    /// A record lacks a field or holds nonsense in it.
    #[error("{place}: {error}")]
    BadField {
        /// Where the record stands.
        place: Place,
        /// What is wrong with it.
        error: FieldError,
    },
    /// The root task ran a program whose records this harness cannot turn into metrics.
    #[error("the root task ran `{0}`, whose samples this harness does not know how to turn into metrics")]
    UnknownProgram(String),
    /// The guest did not take over a parameter.
    #[error("the cell has {key}={expected}, but the guest ran with {}", found.as_deref().unwrap_or("no such parameter"))]
    ParameterMismatch {
        /// The parameter.
        key: String,
        /// What the matrix says.
        expected: Value,
        /// What the begin record says.
        found: Option<String>,
    },
    /// A parameter that the metric depends on is missing or zero.
    #[error("the workload needs a parameter `{0}` of at least 1")]
    BadParameter(&'static str),
    /// The guest did not say a number that a metric depends on, or said that it is zero.
    #[error("the guest noted no `{0}`")]
    MissingNote(&'static str),
    /// The guest wrote no samples of a metric.
    #[error("the guest wrote no samples of `{0}`")]
    MissingMetric(&'static str),
    /// A metric comes in another unit.
    #[error("the samples of `{metric}` are in {found}, not in {expected}")]
    WrongUnit {
        /// The metric.
        metric: &'static str,
        /// The unit it must have.
        expected: &'static str,
        /// The unit it has.
        found: String,
    },
    /// A block of samples does not go on where the last one ended.
    #[error("{place}: this block of `{metric}` does not go on with sample {due} in {due_unit}")]
    Disorder {
        /// Where the block stands.
        place: Place,
        /// The metric.
        metric: String,
        /// The index that was due.
        due: usize,
        /// The unit of the blocks before.
        due_unit: String,
    },
    /// More or fewer samples than the workload was asked for.
    #[error("the guest wrote {found} samples of `{metric}`, but it was asked for {expected}")]
    WrongCount {
        /// The metric.
        metric: &'static str,
        /// The number asked for.
        expected: u64,
        /// The number written.
        found: usize,
    },
    /// The cost model left no report.
    #[error("the cost model left no report, so there are no cycles")]
    NoReport,
    /// The markers make no sense.
    #[error(transparent)]
    Markers(#[from] MarkerError),
    /// The notifications make no sense.
    #[error(transparent)]
    Notifications(#[from] OneWayError),
    /// The microbenchmarks make no sense.
    #[error(transparent)]
    Bench(#[from] BenchError),
    /// The guest did not say how fast its clock ticks.
    #[error("the guest did not note timebase_hz, so ticks cannot be turned into time")]
    NoTimebase,
    /// A sample is smaller than what measuring costs.
    #[error("sample {index} of `{metric}` ({value}) is below the overhead of measuring it ({overhead})")]
    BelowOverhead {
        /// The metric.
        metric: &'static str,
        /// The sample's index.
        index: usize,
        /// Its value.
        value: u64,
        /// The median overhead.
        overhead: f64,
    },
}

impl MeasurementError {
    pub(super) fn at(record: &Record, error: FieldError) -> Self {
        Self::BadField { place: record.place, error }
    }
}

/// Who else tells of a boot than its guest.
#[derive(Debug, Clone, Copy, Default)]
pub struct Witnesses<'a> {
    /// The cost model, where it is the clock.
    pub report: Option<&'a Report>,
    /// Clients from outside, where there were any.
    pub exchanges: Option<&'a [Exchange]>,
}

/// The metrics of the boot described by `meta`, from its `records` and what `witnesses` say.
///
/// # Errors
///
/// The records are sound but are not the measurement that the cell asked for.
pub fn measure(
    records: &[Record],
    witnesses: Witnesses<'_>,
    meta: &CellMeta,
) -> Result<Vec<Series>, MeasurementError> {
    // A root server from elsewhere that writes no records has proved what it has to prove with its own words.
    if records.is_empty() && meta.key.parameters.is_empty() {
        return Ok(Vec::new());
    }
    let Witnesses { report, exchanges } = witnesses;
    let run = RawRun::new(records)?;
    for (key, expected) in &meta.key.parameters {
        let found = run.parameter(key);
        if found != Some(expected.to_string().as_str()) {
            let found = found.map(str::to_owned);
            return Err(MeasurementError::ParameterMismatch {
                key: key.clone(),
                expected: expected.clone(),
                found,
            });
        }
    }
    match (run.program()?, report) {
        ("ipc-pingpong" | "syscall-batch" | "memory-server", _) => calls(&run, report, meta.clock),
        ("ipc-async", _) => {
            let mut all = calls(&run, report, meta.clock)?;
            all.extend(per_call::of_channel(&run)?);
            Ok(all)
        }
        ("tcp-echo", Some(report)) => messages_modelled(&run, report),
        ("tcp-echo", None) => Err(MeasurementError::NoReport),
        (Program::ECHO_OUTSIDE, _) => {
            outside::series(exchanges.unwrap_or_default(), count(&run, "warmup")?, count(&run, "batch")?)
        }
        ("bench", report) => bench(&run, report, meta.clock),
        ("notification", Some(report)) => notification(&run, report, count(&run, "rounds")?),
        ("notification", None) => Err(MeasurementError::NoReport),
        ("sel4test", Some(report)) => Ok(series::counters(report)),
        ("sel4test", None) => Ok(cost_of_tests(&run, meta.clock)),
        // It passes or fails; there is nothing to measure but what the model counts anyway.
        (
            "unotification-check"
            | "fault-check"
            | "hostile-vs"
            | "ipc-soak"
            | "tcp-churn"
            | Program::CHURN_OUTSIDE,
            report,
        ) => Ok(report.map(series::counters).unwrap_or_default()),
        (other, _) => Err(MeasurementError::UnknownProgram(other.to_owned())),
    }
}

/// The cost of a call, in what the clock can count.
fn calls(run: &RawRun<'_>, report: Option<&Report>, clock: Clock) -> Result<Vec<Series>, MeasurementError> {
    match report {
        Some(report) => ipc_pingpong_modelled(run, report),
        None => ipc_pingpong(run, clock),
    }
}

/// The cost of one round trip and its stages, as the model has it, and the counters of the whole run.
fn ipc_pingpong_modelled(run: &RawRun<'_>, report: &Report) -> Result<Vec<Series>, MeasurementError> {
    let (expected, metric) = (count(run, "rounds")?, "round_trip");
    let batch = count(run, "batch")?;
    let mut all = series::round_trips(report, batch)?;
    let found = all.first().map_or(0, |series| series.values.len());
    if found as u64 != expected {
        return Err(MeasurementError::WrongCount { metric, expected, found });
    }
    all.extend(call_stages::of_calls(report, batch)?);
    all.extend(series::counters(report));
    all.extend(per_call::of_harts(report, expected * batch));
    Ok(all)
}

/// The cost of one message of a load generator, how many there are in a time, and how long each was under way.
fn messages_modelled(run: &RawRun<'_>, report: &Report) -> Result<Vec<Series>, MeasurementError> {
    let mut all = ipc_pingpong_modelled(run, report)?;
    let cycles = all.iter().find(|series| series.metric == "cycles").map(messages::throughput);
    all.extend(cycles);
    all.extend(messages::latencies(run, report)?);
    Ok(all)
}

/// What each test cost, where the clock counts that.
fn cost_of_tests(run: &RawRun<'_>, clock: Clock) -> Vec<Series> {
    if !clock.counts_instructions() {
        return Vec::new();
    }
    let series = run.all().map(|(metric, raw)| Series {
        metric: metric.to_owned(),
        unit: raw.unit.clone(),
        values: raw.values.iter().map(|&count| count as f64).collect(),
    });
    series.collect()
}

/// The cost of one round trip, in what the clock can count.
///
/// Under `icount` the guest's time is a function of its instructions, so its ticks say nothing; under the host's clock
/// `instret` reads host time, so it counts no instructions. A board has both.
fn ipc_pingpong(run: &RawRun<'_>, clock: Clock) -> Result<Vec<Series>, MeasurementError> {
    match clock {
        Clock::Schedule | Clock::Model => Err(MeasurementError::NoReport),
        Clock::Icount => Ok(vec![instructions(run)?]),
        Clock::Host => Ok(vec![time(run, "host_time")?]),
        Clock::Board => Ok(vec![instructions(run)?, time(run, "time")?]),
    }
}

/// The instructions of a call, without those of counting them.
fn instructions(run: &RawRun<'_>) -> Result<Series, MeasurementError> {
    let batch = count(run, "batch")?;
    let raw = samples(run, "round_trip", "instructions")?;
    let overhead = run.series("overhead", "instructions")?.iter().map(|&raw| raw as f64);
    let overhead =
        stats::median(&overhead.collect::<Vec<_>>()).ok_or(MeasurementError::MissingMetric("overhead"))?;
    let per_round_trip = |(index, &value): (usize, &u64)| {
        let net = value as f64 - overhead;
        let metric = "round_trip";
        let below = MeasurementError::BelowOverhead { metric, index, value, overhead };
        if net < 0.0 { Err(below) } else { Ok(net / batch as f64) }
    };
    let values = raw.iter().enumerate().map(per_round_trip).collect::<Result<_, _>>()?;
    Ok(Series { metric: "instructions".into(), unit: "instructions".into(), values })
}

/// The time of a call, as the metric `metric`.
fn time(run: &RawRun<'_>, metric: &str) -> Result<Series, MeasurementError> {
    let batch = count(run, "batch")?;
    let raw = samples(run, "round_trip_time", "ticks")?;
    let timebase = run.noted("timebase_hz").filter(|&hertz| hertz > 0);
    let timebase = timebase.ok_or(MeasurementError::NoTimebase)?;
    let nanoseconds = |&ticks: &u64| ticks as f64 * 1e9 / timebase as f64 / batch as f64;
    let values = raw.iter().map(nanoseconds).collect();
    Ok(Series { metric: metric.to_owned(), unit: "ns".into(), values })
}

/// As many samples of `metric` as the workload was asked for.
fn samples<'r>(
    run: &'r RawRun<'_>,
    metric: &'static str,
    unit: &'static str,
) -> Result<&'r [u64], MeasurementError> {
    let expected = count(run, "rounds")?;
    let samples = run.series(metric, unit)?;
    if samples.len() as u64 != expected {
        return Err(MeasurementError::WrongCount { metric, expected, found: samples.len() });
    }
    Ok(samples)
}

/// A parameter that counts something and is not zero.
fn count(run: &RawRun<'_>, key: &'static str) -> Result<u64, MeasurementError> {
    let value = run.parameter(key).and_then(|value| value.parse().ok()).filter(|&value| value > 0);
    value.ok_or(MeasurementError::BadParameter(key))
}
