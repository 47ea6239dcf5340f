//! The percentile bootstrap.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

use super::quantile::Sorted;

/// How often the samples are drawn anew. Enough that the ends of a 95 % interval rest on 50 resamples each.
pub(super) const RESAMPLES: usize = 2000;

/// The generator's seed. Any would do; it is fixed so that a summary can be reproduced.
pub const BOOTSTRAP_SEED: u64 = 4;

/// The 95 % bootstrap confidence interval of the median.
pub(super) fn median_interval(samples: &Sorted) -> (f64, f64) {
    if samples.min() == samples.max() {
        return (samples.min(), samples.max());
    }
    let mut generator = ChaCha8Rng::seed_from_u64(BOOTSTRAP_SEED);
    let medians: Vec<f64> = (0..RESAMPLES).map(|_| draw_median(samples.samples(), &mut generator)).collect();
    Sorted::new(&medians)
        .map_or((samples.min(), samples.max()), |medians| (medians.quantile(0.025), medians.quantile(0.975)))
}

/// The median of as many samples as `population` has, drawn from it.
pub(super) fn draw_median(population: &[f64], generator: &mut ChaCha8Rng) -> f64 {
    let draw = |_| population[index_below(population.len(), generator)];
    let mut drawn: Vec<f64> = (0..population.len()).map(draw).collect();
    middle(&mut drawn)
}

/// A number below `bound`, from 64 random bits by multiplication: its bias, `bound` in 2^64, does not matter here, and
/// unlike a library's sampling it is the same in every version.
fn index_below(bound: usize, generator: &mut ChaCha8Rng) -> usize {
    ((u128::from(generator.next_u64()) * bound as u128) >> 64) as usize
}

/// The type 7 median of at least one sample, without sorting them all.
fn middle(samples: &mut [f64]) -> f64 {
    let upper_index = samples.len() / 2;
    let is_odd = samples.len() % 2 == 1;
    let (below, &mut upper, _) = samples.select_nth_unstable_by(upper_index, f64::total_cmp);
    if is_odd {
        return upper;
    }
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    lower + (upper - lower) * 0.5
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_middle_is_the_median(samples in prop::collection::vec(-1e9..1e9_f64, 1..40)) {
            let median = Sorted::new(&samples).expect("finite samples").median();
            prop_assert_eq!(middle(&mut samples.clone()), median);
        }
    }
}
