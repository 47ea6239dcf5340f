//! The numbers that stand for a set of samples.

use super::bootstrap::median_interval;
use super::quantile::Sorted;

/// A summary of at least one sample, in the samples' unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Number of samples.
    pub n: usize,
    /// The smallest.
    pub min: f64,
    /// The median.
    pub median: f64,
    /// The 95th percentile.
    pub p95: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The largest.
    pub max: f64,
    /// The lower end of the median's 95 % confidence interval.
    pub ci_low: f64,
    /// Its upper end.
    pub ci_high: f64,
}

impl Summary {
    /// Summarises `samples`. `None` if there is none, or if one is not a finite number.
    #[must_use]
    pub fn of(samples: &[f64]) -> Option<Self> {
        let sorted = Sorted::new(samples)?;
        let (ci_low, ci_high) = median_interval(&sorted);
        Some(Self {
            n: samples.len(),
            min: sorted.min(),
            median: sorted.median(),
            p95: sorted.quantile(0.95),
            p99: sorted.quantile(0.99),
            max: sorted.max(),
            ci_low,
            ci_high,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_sample_is_its_own_summary() {
        let summary = Summary::of(&[7.0]).expect("a sample");
        assert_eq!(
            summary,
            Summary { n: 1, min: 7.0, median: 7.0, p95: 7.0, p99: 7.0, max: 7.0, ci_low: 7.0, ci_high: 7.0 }
        );
    }

    #[test]
    fn equal_samples_have_an_interval_without_width() {
        let summary = Summary::of(&[0.1; 1000]).expect("samples");
        assert_eq!((summary.min, summary.p99, summary.ci_low, summary.ci_high), (0.1, 0.1, 0.1, 0.1));
    }

    #[test]
    fn no_sample_has_no_summary() {
        assert_eq!(Summary::of(&[]), None);
    }

    #[test]
    fn the_interval_covers_the_true_median_about_as_often_as_it_says() {
        // A linear congruential sequence (Knuth's MMIX constants) stands in for 100 experiments on a uniform variable.
        let mut state = 1_u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let covered = (0..100)
            .filter(|_| {
                let samples: Vec<f64> = (0..41).map(|_| draw()).collect();
                let summary = Summary::of(&samples).expect("samples");
                summary.ci_low <= 0.5 && 0.5 <= summary.ci_high
            })
            .count();
        assert!((88..=100).contains(&covered), "{covered} of 100 intervals cover the median");
    }

    proptest! {
        // Each case draws thousands of samples.
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn a_summary_is_ordered(samples in prop::collection::vec(-1e9..1e9_f64, 1..60)) {
            let summary = Summary::of(&samples).expect("finite samples");
            let ascending = [summary.min, summary.median, summary.p95, summary.p99, summary.max];
            prop_assert!(ascending.is_sorted(), "{:?}", summary);
            let interval = [summary.min, summary.ci_low, summary.ci_high, summary.max];
            prop_assert!(interval.is_sorted(), "{:?}", summary);
        }

        #[test]
        fn the_order_of_the_samples_does_not_matter(
            samples in prop::collection::vec(-1e9..1e9_f64, 1..60),
        ) {
            let mut reversed = samples.clone();
            reversed.reverse();
            prop_assert_eq!(Summary::of(&samples), Summary::of(&reversed));
        }
    }
}
