//! Empirical cumulative distributions.

use crate::stats::Sorted;

/// The corners of the distribution of `samples`: pairs of value and per cent of the samples at or below it. It starts at
/// 0 % of the smallest and ends at 100 % of the largest; beyond them all curves would run on top of each other.
pub(super) fn corners(samples: &Sorted) -> Vec<(f64, f64)> {
    let n = samples.samples().len() as f64;
    let mut corners = Vec::new();
    let mut share = 0.0;
    let mut counted = 0_usize;
    for equal in samples.samples().chunk_by(|left, right| left == right) {
        counted += equal.len();
        corners.push((equal[0], share));
        share = 100.0 * counted as f64 / n;
        corners.push((equal[0], share));
    }
    corners
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_samples_make_one_step() {
        let samples = Sorted::new(&[5.0, 5.0, 7.0, 5.0]).expect("samples");
        assert_eq!(corners(&samples), [(5.0, 0.0), (5.0, 75.0), (7.0, 75.0), (7.0, 100.0)]);
    }

    proptest! {
        #[test]
        fn a_distribution_rises_from_0_to_100(values in prop::collection::vec(0.0..1e6_f64, 1..50)) {
            let samples = Sorted::new(&values).expect("samples");
            let corners = corners(&samples);
            prop_assert!(corners.is_sorted_by(|left, right| left.0 <= right.0 && left.1 <= right.1));
            prop_assert_eq!(corners.first(), Some(&(samples.min(), 0.0)));
            prop_assert_eq!(corners.last(), Some(&(samples.max(), 100.0)));
        }
    }
}
