//! The outcome of a comparison.

use std::collections::BTreeSet;
use std::fmt;

use super::change::{Change, Direction, name};
use super::history::History;
use super::limit::Limit;
use crate::exit::Exit;
use crate::results::{CellKey, SummaryRow, SummaryTable};

/// What a comparison proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing costs more than it may.
    Pass,
    /// Something does, and did so again.
    Regression,
    /// Like was not compared with like, or not all of it, or not often enough.
    Inconclusive,
}

/// Two runs, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Why their numbers cannot be compared.
    pub obstacles: Vec<String>,
    /// Rows with other numbers.
    pub changes: Vec<Change>,
    /// Rows of the reference that the run lacks.
    pub missing: Vec<String>,
    /// Rows that the reference lacks.
    pub added: Vec<String>,
    /// Rows with exactly the reference's numbers.
    pub equal: usize,
    /// Rows of the run that are not judged: counters, and what takes a history that is not there.
    pub unjudged: usize,
    /// What was learned from.
    pub history: (usize, usize),
}

impl Comparison {
    pub(super) fn new(
        obstacles: Vec<String>,
        reference: &SummaryTable,
        run: &SummaryTable,
        history: &History,
    ) -> Self {
        let limit = |row: &SummaryRow| Limit::of(row, &history.medians(row));
        let (expected, found) = (judged(reference, limit), judged(run, limit));
        let mut comparison = Self {
            obstacles,
            changes: Vec::new(),
            missing: Vec::new(),
            added: Vec::new(),
            equal: 0,
            unjudged: run.rows.len() - found.len(),
            history: (history.len(), history.unlike),
        };
        for (row, limit) in &expected {
            match found.iter().find(|(other, _)| is_same_row(row, other)) {
                None => comparison.missing.push(name(row)),
                Some((here, _)) => match Change::between(row, here, *limit) {
                    None => comparison.equal += 1,
                    Some(change) => comparison.changes.push(change),
                },
            }
        }
        let is_new = |row: &&SummaryRow| !expected.iter().any(|(other, _)| is_same_row(row, other));
        comparison.added = found.iter().map(|(row, _)| *row).filter(is_new).map(name).collect();
        comparison
    }

    /// The cells with rows that cost more than they may.
    #[must_use]
    pub fn suspects(&self) -> BTreeSet<CellKey> {
        let worse = self.changes.iter().filter(|change| change.direction == Direction::Worse);
        worse.map(|change| change.cell.clone()).collect()
    }

    /// Takes back every suspicion that another run of the suspects, `again`, does not confirm.
    pub fn confirm(&mut self, reference: &SummaryTable, again: &SummaryTable) {
        for change in self.changes.iter_mut().filter(|change| change.direction == Direction::Worse) {
            let row = |table: &'_ SummaryTable| {
                let is_it = |row: &&SummaryRow| row.key == change.cell && row.metric == change.metric;
                table.rows.iter().find(is_it).cloned()
            };
            let confirmed = row(reference).zip(row(again)).is_some_and(|(expected, again)| {
                Change::between(&expected, &again, change.limit)
                    .is_some_and(|second| second.direction == Direction::Worse)
            });
            if !confirmed {
                change.direction = Direction::Unconfirmed;
            }
        }
    }

    /// What the comparison proves.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        use Direction::{Incomparable, Unconfirmed, Undecided, Worse};
        let any = |directions: &[Direction]| {
            self.changes.iter().any(|change| directions.contains(&change.direction))
        };
        if !self.obstacles.is_empty() {
            Verdict::Inconclusive
        } else if any(&[Worse]) {
            Verdict::Regression
        } else if !self.missing.is_empty()
            || any(&[Unconfirmed, Undecided, Incomparable])
            || self.compared() == 0
        {
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

/// The rows that are judged, each with its limit.
fn judged(table: &SummaryTable, limit: impl Fn(&SummaryRow) -> Option<Limit>) -> Vec<(&SummaryRow, Limit)> {
    table.rows.iter().filter_map(|row| Some((row, limit(row)?))).collect()
}

fn is_same_row(one: &SummaryRow, other: &SummaryRow) -> bool {
    one.key == other.key && one.metric == other.metric
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for obstacle in &self.obstacles {
            writeln!(f, "not comparable: {obstacle}")?;
        }
        let shown = self.changes.iter().filter(|change| change.direction != Direction::Within);
        for change in shown {
            writeln!(f, "{change}")?;
        }
        for row in &self.missing {
            writeln!(f, "missing: {row} is in the reference but not in this run")?;
        }
        for row in &self.added {
            writeln!(f, "new: {row} is not in the reference; refresh it to guard this row")?;
        }
        if self.changes.iter().any(|change| change.direction == Direction::Better) {
            writeln!(f, "improved costs are only guarded once the reference is refreshed")?;
        }
        let (runs, unlike) = self.history;
        if runs + unlike > 0 {
            writeln!(f, "history: {runs} runs like this one, {unlike} made otherwise and left out")?;
        }
        let Self { equal, unjudged, .. } = self;
        let compared = self.compared();
        let within = self.changes.iter().filter(|change| change.direction == Direction::Within).count();
        let verdict = match self.verdict() {
            Verdict::Pass => "pass",
            Verdict::Regression => "regression",
            Verdict::Inconclusive if compared == 0 => "inconclusive: nothing to compare",
            Verdict::Inconclusive => "inconclusive",
        };
        write!(
            f,
            "gate: {verdict} ({equal} of {compared} rows equal, {within} within their limits, {unjudged} not judged)"
        )
    }
}
