//! `junit.xml`: the run as a test report, for CI.

use std::time::Duration;

use anyhow::Context as _;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestRerun, TestSuite};

use crate::exit::Exit;
use crate::manifest::{CellRecord, Manifest};
use crate::results::{TestRun, TestStatus, TestTable};

/// The file's name in a run directory.
pub const JUNIT_FILE: &str = "junit.xml";

/// The report: one suite per experiment, one case per planned cell; what has not run is skipped. A cell that ran a test
/// suite has a suite of its own besides, with that suite's tests as cases.
///
/// # Errors
/// It cannot be put into XML.
pub fn report(manifest: &Manifest, tests: &TestTable) -> anyhow::Result<String> {
    let mut report = Report::new(manifest.run.clone());
    let planned = manifest.planned.iter().map(|id| (id, "not run yet; resume the run"));
    let skips = manifest.skipped.iter().map(|cell| (&cell.id, cell.reason.as_str()));
    for (id, why_not) in planned.chain(skips) {
        let experiment = id.split('.').next().unwrap_or_default();
        let case = manifest.cell(id).map_or_else(|| skipped(id, why_not), case);
        match report.test_suites.iter_mut().find(|suite| suite.name.as_str() == experiment) {
            Some(suite) => {
                suite.add_test_case(case);
            }
            None => {
                let mut suite = TestSuite::new(experiment);
                suite.add_test_case(case);
                report.add_test_suite(suite);
            }
        }
    }
    for cell in &manifest.cells {
        if let Some(tests) = tests.of(&cell.meta()) {
            let mut suite = TestSuite::new(cell.id.clone());
            suite.add_test_cases(tests.iter().map(|test| test_case(cell, test)));
            report.add_test_suite(suite);
        }
    }
    report.to_string().context("cannot write the test report")
}

fn case(cell: &CellRecord) -> TestCase {
    let mut status = match cell.outcome.exit() {
        Exit::Done => TestCaseStatus::success(),
        Exit::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Exit::Inconclusive | Exit::Tooling => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    if cell.outcome.exit() != Exit::Done {
        status.set_type(cell.outcome.name()).set_message(cell.outcome.to_string());
    }
    if cell.retries > 0 {
        let mut rerun = TestRerun::new(NonSuccessKind::Error);
        rerun.set_type("stalled").set_message("the machine stood still and was booted again");
        status.add_rerun(rerun);
    }
    let mut case = TestCase::new(cell.id.clone(), status);
    case.set_classname(cell.experiment.clone()).set_time(Duration::from_millis(cell.host_ms));
    case
}

fn test_case(cell: &CellRecord, test: &TestRun) -> TestCase {
    let mut status = match test.status {
        TestStatus::Passed => TestCaseStatus::success(),
        TestStatus::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        TestStatus::Unfinished => TestCaseStatus::non_success(NonSuccessKind::Error),
        TestStatus::Disabled => TestCaseStatus::skipped(),
    };
    if test.status != TestStatus::Passed {
        status.set_message(format!("{} {}", test.status, test.detail));
    }
    let mut case = TestCase::new(test.name.clone(), status);
    case.set_classname(cell.id.clone());
    case
}

fn skipped(id: &str, reason: &str) -> TestCase {
    let mut status = TestCaseStatus::skipped();
    status.set_message(reason);
    TestCase::new(id, status)
}
