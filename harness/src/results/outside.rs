//! What messages cost clients outside the machine, in the host's time.

use super::measurement::{MeasurementError, Series};
use super::messages::PERCENTILES;
use crate::clients::Exchange;
use crate::stats::Sorted;

/// The metric that lacks if clients measured nothing.
const LATENCY: &str = "host_latency";

/// How many messages a second came back, one value a `batch`, and how long each was under way, without those of the first `warmup`
/// answers.
pub(super) fn series(
    exchanges: &[Exchange],
    warmup: u64,
    batch: u64,
) -> Result<Vec<Series>, MeasurementError> {
    let mut exchanges = exchanges.to_vec();
    exchanges.sort_by_key(|exchange| exchange.received_ns);
    let first = usize::try_from(warmup).unwrap_or(usize::MAX);
    let (Some((warming, measured)), Ok(batch)) = (exchanges.split_at_checked(first), usize::try_from(batch))
    else {
        return Err(MeasurementError::MissingMetric(LATENCY));
    };
    let Some(last) = warming.last() else { return Err(MeasurementError::BadParameter("warmup")) };
    let latencies: Vec<f64> =
        measured.iter().map(|exchange| (exchange.received_ns - exchange.sent_ns) as f64).collect();
    let sorted = Sorted::new(&latencies).ok_or(MeasurementError::MissingMetric(LATENCY))?;
    let ends = measured.chunks_exact(batch).filter_map(|batch| batch.last());
    let mut begin_ns = last.received_ns;
    let rates = ends.map(|end| {
        let took_ns = end.received_ns - begin_ns;
        begin_ns = end.received_ns;
        // Two answers in the same nanosecond are as good as one apart.
        batch as f64 * 1e9 / took_ns.max(1) as f64
    });
    let of = |metric: String, unit: &str, values| Series { metric, unit: unit.to_owned(), values };
    let throughput = of("host_throughput".to_owned(), "messages/s", rates.collect());
    let percentiles =
        PERCENTILES.map(|(metric, p)| of(format!("host_{metric}"), "ns", vec![sorted.quantile(p)]));
    Ok([throughput, of(LATENCY.to_owned(), "ns", latencies)].into_iter().chain(percentiles).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(client: u32, sent_ns: u64, received_ns: u64) -> Exchange {
        Exchange { client, sent_ns, received_ns }
    }

    #[test]
    fn a_batch_lasts_from_the_last_answer_before_it_to_its_own_last_whoever_got_them() {
        let exchanges = [
            exchange(0, 0, 1000),
            exchange(0, 1000, 3000),
            exchange(0, 3000, 6000),
            exchange(1, 100, 2000),
            exchange(1, 2000, 5000),
        ];
        let all = series(&exchanges, 1, 2).expect("a measurement");
        // Answers at 2000, 3000, 5000 and 6000, after the one at 1000 that warmed up.
        assert_eq!(all[0].values, [1e6, 2.0 * 1e9 / 3000.0]);
        assert_eq!(all[1].values, [1900.0, 2000.0, 3000.0, 3000.0]);
        let names: Vec<_> = all.iter().map(|series| (series.metric.as_str(), series.unit.as_str())).collect();
        assert_eq!(names[0], ("host_throughput", "messages/s"));
        assert_eq!(names[2], ("host_latency_p50", "ns"));
    }

    #[test]
    fn clients_that_measured_no_more_than_their_warm_up_measured_nothing() {
        let missing = Err(MeasurementError::MissingMetric(LATENCY));
        assert_eq!(series(&[], 1, 1), missing);
        assert_eq!(series(&[exchange(0, 0, 1)], 1, 1), missing);
    }
}
