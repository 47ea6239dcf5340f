//! The tests of a suite on both sides: what became of each, and what it cost.

use std::collections::BTreeMap;
use std::fmt;

use super::side::Side;
use crate::results::{CellKey, TestStatus};

/// A test on both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// The cell.
    pub cell: CellKey,
    /// Its name.
    pub name: String,
    /// What became of it.
    pub statuses: [TestStatus; 2],
    /// What it cost, where that was counted.
    pub costs: [Option<f64>; 2],
}

impl Test {
    /// The second cost divided by the first.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        let [Some(first), Some(second)] = self.costs else { return None };
        (first > 0.0 && second > 0.0).then_some(second / first)
    }
}

/// The tests that both sides ran or left out.
#[derive(Debug, Clone, PartialEq)]
pub struct SuiteComparison {
    /// What the sides are called.
    pub names: [String; 2],
    /// The tests, in the order of their cells and names.
    pub tests: Vec<Test>,
}

impl SuiteComparison {
    /// Pairs the tests of both sides.
    #[must_use]
    pub fn new(one: &Side<'_>, other: &Side<'_>) -> Self {
        let (first, second) = (tests(one), tests(other));
        let pair = |((cell, name), (status, cost)): (&(CellKey, String), &(TestStatus, Option<f64>))| {
            let (other_status, other_cost) = second.get(&(cell.clone(), name.clone()))?;
            Some(Test {
                cell: cell.clone(),
                name: name.clone(),
                statuses: [*status, *other_status],
                costs: [*cost, *other_cost],
            })
        };
        let names = [one, other].map(|side| side.name.clone());
        Self { names, tests: first.iter().filter_map(pair).collect() }
    }

    /// The geometric mean of the ratios of costs, and of how many tests. None where no test was counted on both sides.
    #[must_use]
    pub fn geometric_mean(&self) -> Option<(f64, usize)> {
        let logs: Vec<f64> = self.tests.iter().filter_map(Test::ratio).map(f64::ln).collect();
        let mean = logs.iter().sum::<f64>() / logs.len() as f64;
        (!logs.is_empty()).then(|| (mean.exp(), logs.len()))
    }
}

/// The worst that became of each test in any boot, and its median cost.
fn tests(side: &Side<'_>) -> BTreeMap<(CellKey, String), (TestStatus, Option<f64>)> {
    let mut tests: BTreeMap<(CellKey, String), (TestStatus, Option<f64>)> = BTreeMap::new();
    for (cell, _, runs) in side.findings.tests.boots().filter(|(cell, ..)| side.has(cell)) {
        for run in runs {
            let cost = side.findings.summary.median(cell, &run.name);
            let entry = tests.entry((side.common(cell), run.name.clone())).or_insert((run.status, cost));
            entry.0 = entry.0.max(run.status);
        }
    }
    tests
}

/// A Markdown table.
impl fmt::Display for SuiteComparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, other] = &self.names;
        for tests in self.tests.chunk_by(|a, b| a.cell == b.cell) {
            writeln!(f, "\n### Tests of {}\n", tests[0].cell)?;
            writeln!(f, "| test | {one} | {other} | cost, {one} | cost, {other} | ratio |")?;
            writeln!(f, "| --- | --- | --- | ---: | ---: | ---: |")?;
            for test in tests {
                let [first, second] = test.statuses;
                let [cost, other_cost] =
                    test.costs.map(|cost| cost.map_or_else(|| "–".to_owned(), |cost| cost.to_string()));
                let ratio = test.ratio().map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.3}"));
                writeln!(f, "| {} | {first} | {second} | {cost} | {other_cost} | {ratio} |", test.name)?;
            }
        }
        if let Some((mean, tests)) = self.geometric_mean() {
            writeln!(f, "\nGeometric mean of the ratios of {tests} tests: {mean:.3}.")?;
        }
        Ok(())
    }
}
