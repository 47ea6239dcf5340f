//! How one row differs from the reference.

use std::fmt;

use crate::results::SummaryRow;
use crate::stats::Summary;

/// A row whose numbers are not those of the reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The cell and the metric.
    pub row: String,
    /// What the change means.
    pub direction: Direction,
    /// The numbers that changed.
    pub shifts: Vec<Shift>,
}

/// What a change means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Some number is higher.
    Worse,
    /// Some number is lower and none is higher.
    Better,
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
    pub(super) fn between(reference: &SummaryRow, here: &SummaryRow) -> Option<Self> {
        let shifts: Vec<_> = statistics(&reference.summary)
            .into_iter()
            .zip(statistics(&here.summary))
            .map(|((statistic, reference), (_, here))| Shift { statistic, reference, here })
            .filter(|shift| shift.reference != shift.here)
            .collect();
        let direction = if reference.summary.n != here.summary.n {
            Direction::Incomparable
        } else if shifts.iter().any(|shift| shift.here > shift.reference) {
            Direction::Worse
        } else {
            Direction::Better
        };
        (!shifts.is_empty()).then(|| Self { row: name(here), direction, shifts })
    }
}

/// The cell and the metric of a row.
pub(super) fn name(row: &SummaryRow) -> String {
    format!("{}: {}", row.key, row.metric)
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
            Direction::Better => "improved",
            Direction::Incomparable => "another number of samples",
        };
        write!(f, "{word}: {}", self.row)?;
        self.shifts.iter().try_for_each(|shift| write!(f, "; {shift}"))
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
