//! Test suites: how many tests passed in each cell, what did not and why, and every test in every configuration.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::contents::Contents;
use super::layout::{Column, Section, folded, table, words};
use crate::results::{CellKey, TestRun, TestStatus};

/// A boot that ran a suite: its cell, which repeat it was, its tests.
type Boot<'r> = (&'r CellKey, u32, &'r [TestRun]);

/// The section; none where no suite ran.
pub(super) fn section(contents: &Contents<'_>) -> Option<Section> {
    let boots: Vec<Boot<'_>> = contents.findings.tests.boots().collect();
    let body = html! {
        (counts(&boots))
        @let failures: Vec<_> = failures(&boots).collect();
        @if !failures.is_empty() {
            h3 { "Tests that did not pass" }
            (table(&["boot", "test", "result", "detail"].map(|name| (name, Column::Text)), failures))
        }
        (every(&boots))
    };
    (!boots.is_empty()).then_some(Section { id: "tests", title: "Test suites", body })
}

fn counts(boots: &[Boot<'_>]) -> Markup {
    const ALL: [TestStatus; 4] =
        [TestStatus::Passed, TestStatus::Failed, TestStatus::Unfinished, TestStatus::Disabled];
    let mut head = vec![("boot".to_owned(), Column::Text)];
    head.extend(ALL.map(|status| (status.to_string(), Column::Number)));
    let row = |boot: &Boot<'_>| {
        let count = |status| boot.2.iter().filter(|test| test.status == status).count().to_string();
        let mut row = vec![words(name(boot))];
        row.extend(ALL.map(|status| words(count(status))));
        row
    };
    table(&head, boots.iter().map(row))
}

fn failures<'r>(boots: &'r [Boot<'r>]) -> impl Iterator<Item = Vec<Markup>> + 'r {
    boots.iter().flat_map(|boot| {
        let failed =
            boot.2.iter().filter(|test| matches!(test.status, TestStatus::Failed | TestStatus::Unfinished));
        failed.map(|test| vec![words(name(boot)), words(&test.name), mark(test.status), words(&test.detail)])
    })
}

/// Every test in every boot; what is disabled says what is missing.
fn every(boots: &[Boot<'_>]) -> Markup {
    let names: BTreeSet<&str> =
        boots.iter().flat_map(|boot| boot.2.iter().map(|test| test.name.as_str())).collect();
    let results: Vec<BTreeMap<&str, Vec<&TestRun>>> = boots
        .iter()
        .map(|boot| {
            let mut results: BTreeMap<&str, Vec<&TestRun>> = BTreeMap::new();
            for test in boot.2 {
                results.entry(&test.name).or_default().push(test);
            }
            results
        })
        .collect();
    let mut head = vec![("test".to_owned(), Column::Text)];
    head.extend(boots.iter().map(|boot| (name(boot), Column::Text)));
    let rows = names.iter().map(|test| {
        let mut row = vec![words(test)];
        row.extend(
            results.iter().map(|of_boot| of_boot.get(test).map_or_else(|| words("–"), |runs| result(runs))),
        );
        row
    });
    folded(&format!("All {} tests", names.len()), names.len(), &table(&head, rows))
}

/// The runs of one test in one boot: the worst of them, and what is missing for one that is disabled.
fn result(runs: &[&TestRun]) -> Markup {
    // In the order of the statuses, but a test that is disabled did not fail.
    let grave = |run: &&&TestRun| (run.status != TestStatus::Disabled, run.status);
    let Some(worst) = runs.iter().max_by_key(grave) else { return words("–") };
    html! {
        (mark(worst.status))
        @if worst.status == TestStatus::Disabled { ": " (worst.detail) }
    }
}

fn mark(status: TestStatus) -> Markup {
    let class = match status {
        TestStatus::Passed => "good",
        TestStatus::Failed | TestStatus::Unfinished => "bad",
        TestStatus::Disabled => "open",
    };
    html! { span class=(class) { (status.to_string()) } }
}

/// What sets a boot apart in a table: experiment, kernel, platform and repeat.
fn name((key, repeat, _): &Boot<'_>) -> String {
    format!("{}.{}.{}.r{repeat}", key.experiment, key.kernel, key.platform)
}
