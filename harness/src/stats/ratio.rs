//! The ratio of two medians.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

use super::bootstrap::{BOOTSTRAP_SEED, RESAMPLES, draw_median};
use super::quantile::Sorted;

/// One median divided by another, with its 95 % bootstrap confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// The ratio of the medians of all samples.
    pub ratio: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Ratio {
    /// The median of `of` divided by that of `by`: both are drawn anew, independently of each other. `None` if one has no samples, or one
    /// that is no finite number, or if a divisor is not positive.
    #[must_use]
    pub fn of_medians(of: &[f64], by: &[f64]) -> Option<Self> {
        let (of, by) = (Sorted::new(of)?, Sorted::new(by)?);
        if by.min() <= 0.0 {
            return None;
        }
        let ratio = of.median() / by.median();
        if of.min() == of.max() && by.min() == by.max() {
            return Some(Self { ratio, low: ratio, high: ratio });
        }
        let mut generator = ChaCha8Rng::seed_from_u64(BOOTSTRAP_SEED);
        let ratios: Vec<f64> = (0..RESAMPLES)
            .map(|_| {
                let above = draw_median(of.samples(), &mut generator);
                above / draw_median(by.samples(), &mut generator)
            })
            .collect();
        let ratios = Sorted::new(&ratios)?;
        Some(Self { ratio, low: ratios.quantile(0.025), high: ratios.quantile(0.975) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_samples_have_an_exact_ratio() {
        assert_eq!(
            Ratio::of_medians(&[300.0; 5], &[200.0; 3]),
            Some(Ratio { ratio: 1.5, low: 1.5, high: 1.5 })
        );
    }

    #[test]
    fn the_interval_of_samples_that_spread_contains_their_ratio() {
        let of: Vec<f64> = (0..41).map(|index| 200.0 + f64::from(index)).collect();
        let by: Vec<f64> = (0..41).map(|index| 100.0 + f64::from(index) / 2.0).collect();
        let ratio = Ratio::of_medians(&of, &by).expect("a ratio");
        assert!((ratio.ratio - 220.0 / 110.0).abs() < 1e-12);
        assert!(ratio.low < ratio.ratio && ratio.ratio < ratio.high, "{ratio:?}");
        assert!(ratio.high - ratio.low < 0.5, "{ratio:?}");
        assert_eq!(Ratio::of_medians(&of, &by), Some(ratio), "the same samples give the same interval");
    }

    #[test]
    fn nothing_is_divided_by_nothing() {
        assert_eq!(Ratio::of_medians(&[1.0], &[0.0]), None);
        assert_eq!(Ratio::of_medians(&[], &[1.0]), None);
    }
}
