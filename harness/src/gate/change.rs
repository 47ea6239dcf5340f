//! How one row differs from the reference.

use std::fmt;

use super::limit::Limit;
use crate::results::{CellKey, SummaryRow};
use crate::stats::Summary;

/// A row that is not what it is in the reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The cell.
    pub cell: CellKey,
    /// The metric.
    pub metric: String,
    /// How much more it may cost.
    pub limit: Limit,
    /// What the change means.
    pub direction: Direction,
    /// The numbers that changed.
    pub shifts: Vec<Shift>,
}

/// What a change means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// It costs more than the limit allows.
    Worse,
    /// It costs more in one run and did not when it was run again, or was not run again.
    Unconfirmed,
    /// The median is beyond the limit, but its confidence interval is not.
    Undecided,
    /// It costs less.
    Better,
    /// It differs, but not by more than the limit.
    Within,
    /// The numbers summarise another number of samples.
    Incomparable,
}

/// One number of a summary, before and now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// The column in the summary.
    pub statistic: &'static str,
    /// The reference's number.
    pub reference: f64,
    /// The run's number.
    pub here: f64,
}

impl Change {
    /// The difference of `here` from `reference`, if there is one.
    pub(super) fn between(reference: &SummaryRow, here: &SummaryRow, limit: Limit) -> Option<Self> {
        let (before, now) = (&reference.summary, &here.summary);
        let (shifts, direction) = match limit {
            Limit::Exact => {
                let shifts = shifts(statistics(before), statistics(now));
                let direction = exact_direction(before, now, &shifts);
                (shifts, direction)
            }
            Limit::Share(share, _) => {
                let [before_median, now_median] = [before, now].map(|summary| [("median", summary.median)]);
                (shifts(before_median, now_median), direction_within(before, now, share))
            }
        };
        let change = Self { cell: here.key.clone(), metric: here.metric.clone(), limit, direction, shifts };
        (!change.shifts.is_empty()).then_some(change)
    }

    /// The cell and the metric.
    #[must_use]
    pub fn row(&self) -> String {
        format!("{}: {}", self.cell, self.metric)
    }
}

/// The cell and the metric of a row.
pub(super) fn name(row: &SummaryRow) -> String {
    format!("{}: {}", row.key, row.metric)
}

fn shifts<const N: usize>(before: [(&'static str, f64); N], now: [(&'static str, f64); N]) -> Vec<Shift> {
    let pairs = before.into_iter().zip(now);
    let all = pairs.map(|((statistic, reference), (_, here))| Shift { statistic, reference, here });
    all.filter(|shift| shift.reference != shift.here).collect()
}

fn exact_direction(before: &Summary, now: &Summary, shifts: &[Shift]) -> Direction {
    if before.n != now.n {
        Direction::Incomparable
    } else if shifts.iter().any(|shift| shift.here > shift.reference) {
        Direction::Worse
    } else {
        Direction::Better
    }
}

fn direction_within(before: &Summary, now: &Summary, share: f64) -> Direction {
    let (most, least) = (before.median * (1.0 + share), before.median * (1.0 - share));
    if now.median > most {
        if now.ci_low > most { Direction::Worse } else { Direction::Undecided }
    } else if now.median < least {
        Direction::Better
    } else {
        Direction::Within
    }
}

fn statistics(summary: &Summary) -> [(&'static str, f64); 6] {
    [
        ("n", summary.n as f64),
        ("min", summary.min),
        ("median", summary.median),
        ("p95", summary.p95),
        ("p99", summary.p99),
        ("max", summary.max),
    ]
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.direction {
            Direction::Worse => "worse",
            Direction::Unconfirmed => "suspect, not confirmed",
            Direction::Undecided => "undecided, measure more",
            Direction::Better => "improved",
            Direction::Within => "within the limit",
            Direction::Incomparable => "another number of samples",
        };
        write!(f, "{word}: {}", self.row())?;
        self.shifts.iter().try_for_each(|shift| write!(f, "; {shift}"))?;
        if self.limit == Limit::Exact { Ok(()) } else { write!(f, "; {}", self.limit) }
    }
}

impl fmt::Display for Shift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { statistic, reference, here } = self;
        write!(f, "{statistic} {reference} -> {here}")?;
        if *reference != 0.0 {
            write!(f, " ({:+.2} %)", (here - reference) / reference * 100.0)?;
        }
        Ok(())
    }
}
