//! Where the client puts its samples.

use core::sync::atomic::AtomicU64;

/// Number of metrics.
const METRICS: usize = 3;

/// The samples of each metric, one metric behind the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Results<'a> {
    pub(crate) round_trip_instructions: &'a [AtomicU64],
    pub(crate) round_trip_ticks: &'a [AtomicU64],
    pub(crate) overhead_instructions: &'a [AtomicU64],
}

impl<'a> Results<'a> {
    /// Words it takes for `rounds` samples of each metric.
    pub(crate) const fn words(rounds: u64) -> usize {
        METRICS * rounds as usize
    }

    /// Divides `words` among the metrics.
    pub(crate) fn new(words: &'a [AtomicU64]) -> Self {
        let (round_trip_instructions, rest) = words.split_at(words.len() / METRICS);
        let (round_trip_ticks, overhead_instructions) = rest.split_at(rest.len() / 2);
        Self { round_trip_instructions, round_trip_ticks, overhead_instructions }
    }

    /// Each metric with its unit and samples.
    pub(crate) const fn metrics(&self) -> [(&'static str, &'static str, &'a [AtomicU64]); METRICS] {
        [
            ("round_trip", "instructions", self.round_trip_instructions),
            ("round_trip_time", "ticks", self.round_trip_ticks),
            ("overhead", "instructions", self.overhead_instructions),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_gets_its_share() {
        let words = [const { AtomicU64::new(0) }; Results::words(5)];
        for (metric, _, samples) in Results::new(&words).metrics() {
            assert_eq!(samples.len(), 5, "{metric}");
        }
    }
}
