//! How much more a row may cost before it counts as more.

use std::fmt;

use crate::costmodel::series;
use crate::results::SummaryRow;
use crate::stats::{self, Sorted};

/// Runs that must agree on what is usual before anything is learned from them.
pub const ENOUGH_RUNS: usize = 5;

/// How many standard deviations from what is usual are still usual.
const DEVIATIONS: f64 = 3.0;
/// What makes the median absolute deviation of normally distributed values an estimate of their standard deviation.
const MAD_TO_DEVIATION: f64 = 1.4826;

/// The least limit for modelled costs on one hart: where code lies in the caches may change with any change of it.
const FLOOR_ONE_HART: f64 = 0.01;
/// The same on several harts, where a step more in one of them also changes who waits for whom.
const FLOOR_SEVERAL_HARTS: f64 = 0.03;
/// The same for host time.
const FLOOR_HOST_TIME: f64 = 0.10;

/// How much more than the reference's a row may cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// Not one instruction, in any number of the summary.
    Exact,
    /// This share of the median, and why.
    Share(f64, Basis),
}

/// Where a limit comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// It is the least that there is for such a metric.
    Floor,
    /// So many earlier runs spread that far.
    Learned(usize),
}

impl Limit {
    /// The limit for `row`, whose medians in earlier runs were `history`. None where more is not worse, and where it takes a history
    /// that is not there.
    #[must_use]
    pub fn of(row: &SummaryRow, history: &[f64]) -> Option<Self> {
        if series::is_counter(&row.metric) {
            return None;
        }
        let one_hart = row.key.harts == 1;
        let (floor, needs_history) = match row.unit.as_str() {
            "instructions" if one_hart => return Some(Self::Exact),
            "cycles" | "traps" if one_hart => (FLOOR_ONE_HART, false),
            "instructions" | "cycles" | "traps" => (FLOOR_SEVERAL_HARTS, false),
            "ns" => (FLOOR_HOST_TIME, true),
            _ => return None,
        };
        match spread(history) {
            Some(spread) if spread > floor => Some(Self::Share(spread, Basis::Learned(history.len()))),
            None if needs_history => None,
            _ => Some(Self::Share(floor, Basis::Floor)),
        }
    }
}

/// How far medians of unchanged things lie apart, as a share of them; none if there are too few.
fn spread(history: &[f64]) -> Option<f64> {
    let middle = Sorted::new(history).filter(|_| history.len() >= ENOUGH_RUNS)?.median();
    let deviations: Vec<f64> = history.iter().map(|value| (value - middle).abs()).collect();
    let deviation = stats::median(&deviations)? * MAD_TO_DEVIATION;
    (middle > 0.0).then_some(DEVIATIONS * deviation / middle)
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact => f.write_str("exact"),
            Self::Share(share, Basis::Floor) => write!(f, "limit {:.1} %", share * 100.0),
            Self::Share(share, Basis::Learned(runs)) => {
                write!(f, "limit {:.1} %, learned from {runs} runs", share * 100.0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::results::CellKey;
    use crate::stats::Summary;

    fn row(metric: &str, unit: &str, harts: u32) -> SummaryRow {
        let key = CellKey {
            experiment: "e".into(),
            kernel: "k".into(),
            platform: "p".into(),
            harts,
            workload: "w".into(),
            parameters: BTreeMap::new(),
        };
        let summary = Summary::of(&[100.0]).expect("a sample");
        SummaryRow { key, metric: metric.into(), unit: unit.into(), summary }
    }

    #[test]
    fn instructions_of_one_hart_are_exact_whatever_the_history_says() {
        assert_eq!(
            Limit::of(&row("instructions", "instructions", 1), &[1.0, 9.0, 5.0, 3.0, 7.0]),
            Some(Limit::Exact)
        );
    }

    #[test]
    fn a_quiet_history_leaves_the_floor_and_a_noisy_one_widens_it() {
        let cycles = row("cycles", "cycles", 2);
        let floor = Some(Limit::Share(FLOOR_SEVERAL_HARTS, Basis::Floor));
        assert_eq!(Limit::of(&cycles, &[]), floor);
        assert_eq!(Limit::of(&cycles, &[100.0; 8]), floor);
        assert_eq!(Limit::of(&cycles, &[10.0, 50.0, 100.0, 400.0]), floor, "too few runs teach nothing");
        let noisy = Limit::of(&cycles, &[90.0, 95.0, 100.0, 105.0, 110.0]);
        let Some(Limit::Share(share, Basis::Learned(5))) = noisy else { panic!("{noisy:?}") };
        // Median absolute deviation 5 of 100.
        assert!((share - 0.22239).abs() < 1e-9, "{share}");
    }

    #[test]
    fn one_outlier_in_the_history_widens_nothing() {
        let history = [100.0, 100.0, 100.0, 100.0, 100.0, 900.0];
        assert_eq!(
            Limit::of(&row("cycles", "cycles", 1), &history),
            Some(Limit::Share(FLOOR_ONE_HART, Basis::Floor))
        );
    }

    #[test]
    fn host_time_is_judged_by_its_history_alone() {
        let time = row("host_time", "ns", 1);
        assert_eq!(Limit::of(&time, &[1.0; 4]), None);
        assert_eq!(Limit::of(&time, &[1.0; 5]), Some(Limit::Share(FLOOR_HOST_TIME, Basis::Floor)));
    }

    #[test]
    fn counters_and_metrics_of_which_more_may_be_better_are_not_judged() {
        assert_eq!(Limit::of(&row("run_hart0_user_instructions", "instructions", 1), &[]), None);
        assert_eq!(Limit::of(&row("throughput", "messages/s", 1), &[]), None);
    }
}
