//! Order statistics.

/// At least one sample, in ascending order.
#[derive(Debug, Clone, PartialEq)]
pub struct Sorted(Vec<f64>);

impl Sorted {
    /// Sorts `samples`. `None` if there is none, or if one is not a finite number.
    #[must_use]
    pub fn new(samples: &[f64]) -> Option<Self> {
        if samples.is_empty() || !samples.iter().all(|sample| sample.is_finite()) {
            return None;
        }
        let mut sorted = samples.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        Some(Self(sorted))
    }

    /// The samples, ascending.
    #[must_use]
    pub fn samples(&self) -> &[f64] {
        &self.0
    }

    /// The smallest sample.
    #[must_use]
    pub fn min(&self) -> f64 {
        self.0[0]
    }

    /// The largest sample.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.0[self.0.len() - 1]
    }

    /// The quantile at probability `p` (0 to 1), type 7.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        let position = (self.0.len() - 1) as f64 * p.clamp(0.0, 1.0);
        let below = position.floor();
        let low = self.0[below as usize];
        let high = self.0[position.ceil() as usize];
        // Equal neighbours give themselves exactly, whatever the rounding of the interpolation.
        if low == high { low } else { low + (high - low) * (position - below) }
    }

    /// The median.
    #[must_use]
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }
}

/// The median of `samples`. `None` if there is none, or if one is not a finite number.
#[must_use]
pub fn median(samples: &[f64]) -> Option<f64> {
    Sorted::new(samples).map(|sorted| sorted.median())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sorted(samples: &[f64]) -> Sorted {
        Sorted::new(samples).expect("finite samples")
    }

    #[test]
    fn quantiles_are_of_type_7() {
        // R: quantile(c(1, 2, 3, 4, 10), c(.25, .5, .95, .99), type = 7)
        let samples = sorted(&[10.0, 1.0, 3.0, 2.0, 4.0]);
        let close = |p, expected: f64| (samples.quantile(p) - expected).abs() < 1e-12;
        assert!(close(0.25, 2.0) && close(0.5, 3.0) && close(0.95, 8.8) && close(0.99, 9.76));
    }

    #[test]
    fn an_even_number_of_samples_has_its_median_between_the_middle_ones() {
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    #[test]
    fn nothing_and_what_is_no_number_have_no_median() {
        for samples in [vec![], vec![f64::NAN], vec![1.0, f64::INFINITY]] {
            assert_eq!(median(&samples), None);
        }
    }

    proptest! {
        #[test]
        fn quantiles_rise_with_p_and_stay_within_the_samples(
            samples in prop::collection::vec(-1e12..1e12_f64, 1..50),
            probabilities: (f64, f64),
        ) {
            let samples = sorted(&samples);
            let [low, high] = [probabilities.0, probabilities.1].map(|p| p.abs().fract());
            let (low, high) = (samples.quantile(low.min(high)), samples.quantile(low.max(high)));
            prop_assert!(samples.min() <= low && low <= high && high <= samples.max());
        }
    }
}
