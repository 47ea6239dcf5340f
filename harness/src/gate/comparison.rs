//! The outcome of a comparison.

use std::fmt;

use super::change::{Change, Direction, name};
use crate::exit::Exit;
use crate::results::{SummaryRow, SummaryTable};

/// The unit that repeats exactly.
const EXACT_UNIT: &str = "instructions";

/// What a comparison proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// No count is higher than the reference's.
    Pass,
    /// Some count is higher.
    Regression,
    /// Like was not compared with like, or not all of it.
    Inconclusive,
}

/// Two runs, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Why their counts cannot be compared.
    pub obstacles: Vec<String>,
    /// Rows with other counts.
    pub changes: Vec<Change>,
    /// Rows of the reference that the run lacks.
    pub missing: Vec<String>,
    /// Rows that the reference lacks.
    pub added: Vec<String>,
    /// Rows with exactly the reference's counts.
    pub equal: usize,
    /// Rows of the run that are not judged, since they do not repeat exactly.
    pub unjudged: usize,
}

impl Comparison {
    pub(super) fn new(obstacles: Vec<String>, reference: &SummaryTable, run: &SummaryTable) -> Self {
        let (expected, found) = (exact_rows(reference), exact_rows(run));
        let unjudged = run.rows.len() - found.len();
        let mut comparison =
            Self { obstacles, changes: vec![], missing: vec![], added: vec![], equal: 0, unjudged };
        for row in &expected {
            match found.iter().find(|other| is_same_row(row, other)) {
                None => comparison.missing.push(name(row)),
                Some(here) => match Change::between(row, here) {
                    None => comparison.equal += 1,
                    Some(change) => comparison.changes.push(change),
                },
            }
        }
        let is_new = |row: &&&SummaryRow| !expected.iter().any(|other| is_same_row(row, other));
        comparison.added = found.iter().filter(is_new).map(|row| name(row)).collect();
        comparison
    }

    /// What the comparison proves.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let any = |direction| self.changes.iter().any(|change| change.direction == direction);
        if !self.obstacles.is_empty() {
            Verdict::Inconclusive
        } else if any(Direction::Worse) {
            Verdict::Regression
        } else if !self.missing.is_empty() || any(Direction::Incomparable) || self.compared() == 0 {
            Verdict::Inconclusive
        } else {
            Verdict::Pass
        }
    }

    /// The process's exit.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self.verdict() {
            Verdict::Pass => Exit::Done,
            Verdict::Regression => Exit::Failed,
            Verdict::Inconclusive => Exit::Inconclusive,
        }
    }

    /// Rows that both runs have.
    fn compared(&self) -> usize {
        self.equal + self.changes.len()
    }
}

fn exact_rows(table: &SummaryTable) -> Vec<&SummaryRow> {
    table.rows.iter().filter(|row| row.unit == EXACT_UNIT).collect()
}

fn is_same_row(one: &SummaryRow, other: &SummaryRow) -> bool {
    one.key == other.key && one.metric == other.metric
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for obstacle in &self.obstacles {
            writeln!(f, "not comparable: {obstacle}")?;
        }
        for change in &self.changes {
            writeln!(f, "{change}")?;
        }
        for row in &self.missing {
            writeln!(f, "missing: {row} is in the reference but not in this run")?;
        }
        for row in &self.added {
            writeln!(f, "new: {row} is not in the reference; refresh it to guard this row")?;
        }
        if self.changes.iter().any(|change| change.direction == Direction::Better) {
            writeln!(f, "improved counts are only guarded once the reference is refreshed")?;
        }
        let Self { equal, unjudged, .. } = self;
        let compared = self.compared();
        let verdict = match self.verdict() {
            Verdict::Pass => "pass",
            Verdict::Regression => "regression",
            Verdict::Inconclusive if compared == 0 => "inconclusive: nothing to compare",
            Verdict::Inconclusive => "inconclusive",
        };
        write!(
            f,
            "gate: {verdict} ({equal} of {compared} rows equal, {unjudged} rows of host time not judged)"
        )
    }
}
