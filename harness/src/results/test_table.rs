//! `tests.csv`: one row per test of a test suite.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use rel4_records::Kind;
use serde::{Deserialize, Serialize};

use super::cell::{CellKey, CellMeta};
use super::csv_file;
use super::table_error::TableError;
use crate::serial::{SerialLog, TestResult};

const COLUMNS: [&str; 10] = [
    "experiment",
    "kernel",
    "platform",
    "harts",
    "workload",
    "parameters",
    "repeat",
    "test",
    "result",
    "detail",
];

/// The driver's own checks, which it counts as tests.
const PSEUDO_TESTS: [&str; 2] = ["Test that there are tests", "Test all tests ran"];

/// What became of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestStatus {
    /// Every check held.
    Passed,
    /// A check did not hold.
    Failed,
    /// It was started and never ended.
    Unfinished,
    /// It needs what this kernel or machine does not have.
    Disabled,
}

impl fmt::Display for TestStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Unfinished => "unfinished",
            Self::Disabled => "disabled",
        })
    }
}

/// A test in one boot. A suite that runs its tests several times has as many of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestRun {
    /// Its name.
    pub name: String,
    /// What became of it.
    pub status: TestStatus,
    /// The checks that did not hold, or what is missing.
    pub detail: String,
}

/// The tests of all boots that ran a suite.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestTable {
    boots: BTreeMap<(CellKey, u32), Vec<TestRun>>,
}

/// A row as it stands in the file.
#[derive(Serialize, Deserialize)]
struct Row {
    experiment: String,
    kernel: String,
    platform: String,
    harts: u32,
    workload: String,
    parameters: String,
    repeat: u32,
    test: String,
    result: TestStatus,
    detail: String,
}

impl TestTable {
    /// Reads the file at `path`, or gives an empty table if there is none: then no suite ran.
    ///
    /// # Errors
    ///
    /// The file cannot be read or is not a table of tests.
    pub fn load(path: &Path) -> Result<Self, TableError> {
        let mut table = Self::default();
        if path.exists() {
            csv_file::read(path, &COLUMNS, |row| table.take(row))?;
        }
        Ok(table)
    }

    fn take(&mut self, row: Row) -> Result<(), String> {
        let parameters = CellKey::parse_parameters(&row.parameters).map_err(|error| error.to_string())?;
        let Row { experiment, kernel, platform, harts, workload, repeat, test, result, detail, .. } = row;
        let key = CellKey { experiment, kernel, platform, harts, workload, parameters };
        let run = TestRun { name: test, status: result, detail };
        self.boots.entry((key, repeat)).or_default().push(run);
        Ok(())
    }

    /// The tests of every boot, by cell and repeat.
    pub fn boots(&self) -> impl Iterator<Item = (&CellKey, u32, &[TestRun])> {
        self.boots.iter().map(|((key, repeat), tests)| (key, *repeat, tests.as_slice()))
    }

    /// Adds the suite in `log`, if there is one.
    pub fn insert(&mut self, meta: &CellMeta, log: &SerialLog) {
        if log.tests.started {
            self.boots.insert((meta.key.clone(), meta.repeat), tests_of(log));
        }
    }

    /// Whether no boot ran a suite.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.boots.is_empty()
    }

    /// The tests of one boot, in the order in which they ran; those that did not run come last.
    #[must_use]
    pub fn of(&self, meta: &CellMeta) -> Option<&[TestRun]> {
        self.boots.get(&(meta.key.clone(), meta.repeat)).map(Vec::as_slice)
    }

    /// The cells that ran a suite.
    #[must_use]
    pub fn cells(&self) -> BTreeSet<&CellKey> {
        self.boots.keys().map(|(key, _)| key).collect()
    }

    /// Writes the table to `path`, all of it or nothing.
    ///
    /// # Errors
    ///
    /// The file cannot be written; what it held before is still there.
    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        let rows = self.boots.iter().flat_map(|((key, repeat), tests)| {
            tests.iter().map(|test| Row {
                experiment: key.experiment.clone(),
                kernel: key.kernel.clone(),
                platform: key.platform.clone(),
                harts: key.harts,
                workload: key.workload.clone(),
                parameters: key.parameters_text(),
                repeat: *repeat,
                test: test.name.clone(),
                result: test.status,
                detail: test.detail.clone(),
            })
        });
        csv_file::replace(path, &COLUMNS, rows)
    }
}

/// How many of `tests` came to what: `112 passed, 4 disabled`.
#[must_use]
pub fn count(tests: &[TestRun]) -> String {
    let all = [TestStatus::Passed, TestStatus::Failed, TestStatus::Unfinished, TestStatus::Disabled];
    let counts = all.map(|status| (status, tests.iter().filter(|test| test.status == status).count()));
    let shown = counts.iter().filter(|(status, count)| *count > 0 || *status == TestStatus::Passed);
    shown.map(|(status, count)| format!("{count} {status}")).collect::<Vec<_>>().join(", ")
}

fn tests_of(log: &SerialLog) -> Vec<TestRun> {
    let ran = log.tests.outcomes.iter().filter(|test| !PSEUDO_TESTS.contains(&test.name.as_str()));
    let ran = ran.map(|test| TestRun {
        name: test.name.clone(),
        status: match test.result {
            TestResult::Passed => TestStatus::Passed,
            TestResult::Failed => TestStatus::Failed,
            TestResult::Unfinished => TestStatus::Unfinished,
        },
        detail: test.messages.join("; "),
    });
    let disabled = log.records.iter().filter(|record| record.kind == Kind::Note).filter_map(|note| {
        let (name, missing) = (note.text("test").ok()?, note.text("disabled").ok()?);
        let detail = format!("needs {missing}");
        Some(TestRun { name: name.to_owned(), status: TestStatus::Disabled, detail })
    });
    ran.chain(disabled).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serial;

    const LOG: &str = "\
Starting test suite sel4test
Starting test 0: Test that there are tests
Starting test 1: BIND0001
Test BIND0001 passed
Starting test 2: IPC0001
\tError: a == b at line 3 of file ipc.rs
Test IPC0001 failed
Starting test 3: IPC0002
";

    #[test]
    fn the_tests_of_a_suite_are_told_apart_and_the_drivers_own_checks_left_out() {
        let tests = tests_of(&serial::parse(LOG.as_bytes(), None));
        let seen: Vec<_> = tests.iter().map(|test| (test.name.as_str(), test.status)).collect();
        assert_eq!(
            seen,
            [
                ("BIND0001", TestStatus::Passed),
                ("IPC0001", TestStatus::Failed),
                ("IPC0002", TestStatus::Unfinished)
            ]
        );
        assert_eq!(tests[1].detail, "Error: a == b at line 3 of file ipc.rs");
        assert_eq!(count(&tests), "1 passed, 1 failed, 1 unfinished");
    }
}
