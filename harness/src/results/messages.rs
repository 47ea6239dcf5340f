//! What the messages of a load generator cost: how many there are in a time, and how long each was under way.

use std::collections::BTreeMap;

use rel4_costmodel::options::Detail;
use rel4_costmodel::report::Report;
use rel4_markers::Event;

use super::measurement::{MeasurementError, Series};
use super::raw::RawRun;
use crate::costmodel::events;
use crate::stats::Sorted;

/// The generator's log.
const LOG: &str = "message_log";

/// Percentiles that figures show.
pub(super) const PERCENTILES: [(&str, f64); 3] =
    [("latency_p50", 0.5), ("latency_p95", 0.95), ("latency_p99", 0.99)];

/// Messages in a million cycles, one value for each value of `cycles`, which are those of a message.
pub(super) fn throughput(cycles: &Series) -> Series {
    let values = cycles.values.iter().map(|cycles| 1e6 / cycles).collect();
    Series { metric: "throughput".to_owned(), unit: "messages/Mcycle".to_owned(), values }
}

/// How long each message was under way, from the moment it was given to the generator's protocol stack to the moment its answer was
/// taken from there; and the percentiles of that. Nothing where the report has no time.
pub(super) fn latencies(run: &RawRun<'_>, report: &Report) -> Result<Vec<Series>, MeasurementError> {
    if report.detail == Detail::Schedule {
        return Ok(Vec::new());
    }
    let log = run.series(LOG, "events")?;
    let clocks = events::clocks(report, Event::Message);
    // The log may be full before the markers end.
    if clocks.len() < log.len() {
        return Err(MeasurementError::WrongCount {
            metric: LOG,
            expected: clocks.len() as u64,
            found: log.len(),
        });
    }
    let mut sent = BTreeMap::new();
    let mut values = Vec::new();
    for (&entry, clock) in log.iter().zip(clocks) {
        let (connection, is_received) = (entry >> 1, entry & 1 == 1);
        if !is_received {
            sent.insert(connection, clock);
        } else if let Some(sent) = sent.remove(&connection) {
            // What was sent before the first sample has no time.
            values.push((clock - sent) as f64);
        }
    }
    let sorted = Sorted::new(&values).ok_or(MeasurementError::MissingMetric(LOG))?;
    let series =
        |metric: &str, values| Series { metric: metric.to_owned(), unit: "cycles".to_owned(), values };
    let percentiles = PERCENTILES.map(|(metric, p)| series(metric, vec![sorted.quantile(p)]));
    Ok([series("latency", values)].into_iter().chain(percentiles).collect())
}

#[cfg(test)]
mod tests {
    use rel4_costmodel::report::{Figures, MarkerRow};
    use rel4_markers::{Marker, Role};

    use super::*;
    use crate::costmodel::samples::report_of;
    use crate::results::raw::RawRun;
    use crate::serial::{Place, Record};

    /// A report whose messages' markers are at `clocks`.
    fn report(clocks: &[u64]) -> Report {
        let marker = Marker::new(Role::Point, Event::Message.index());
        let markers =
            clocks.iter().map(|&clock| MarkerRow { hart: 0, marker, clock, figures: Figures::default() });
        report_of(markers.collect())
    }

    fn records(log: &str) -> Vec<Record> {
        let record = |kind, fields: &[(&str, &str)]| Record {
            place: Place { line: 1, offset: 0 },
            kind,
            seq: 0,
            fields: fields.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect(),
        };
        let samples = [("metric", LOG), ("unit", "events"), ("first", "0"), ("v", log)];
        vec![
            record(rel4_records::Kind::Begin, &[("workload", "tcp-echo")]),
            record(rel4_records::Kind::Samples, &samples),
        ]
    }

    fn latencies_of(log: &str, clocks: &[u64]) -> Result<Vec<f64>, MeasurementError> {
        let records = records(log);
        let run = RawRun::new(&records)?;
        Ok(latencies(&run, &report(clocks))?.swap_remove(0).values)
    }

    #[test]
    fn each_answer_is_joined_with_the_message_of_its_own_connection() {
        // Connection 1 sends, connection 0 sends, 0 receives, 1 receives.
        assert_eq!(latencies_of("2,0,1,3", &[100, 110, 150, 300]), Ok(vec![40.0, 200.0]));
    }

    #[test]
    fn what_was_sent_before_the_log_began_has_no_time() {
        assert_eq!(latencies_of("1,0,1", &[100, 110, 150]), Ok(vec![40.0]));
    }

    #[test]
    fn a_log_with_more_entries_than_markers_is_refused() {
        assert!(matches!(latencies_of("0,1", &[100]), Err(MeasurementError::WrongCount { .. })));
    }
}
