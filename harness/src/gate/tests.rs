use std::collections::BTreeMap;

use super::*;
use crate::exit::Exit;
use crate::results::{CellKey, SummaryRow};
use crate::stats::Summary;

fn row(kernel: &str, metric: &str, unit: &str, samples: &[f64]) -> SummaryRow {
    let key = CellKey {
        experiment: "ipc".into(),
        kernel: kernel.into(),
        platform: "virt-icount".into(),
        harts: 1,
        workload: "ipc".into(),
        parameters: BTreeMap::new(),
    };
    let summary = Summary::of(samples).expect("samples");
    SummaryRow { key, metric: metric.into(), unit: unit.into(), summary }
}

fn counts(kernel: &str, samples: &[f64]) -> SummaryRow {
    row(kernel, "instructions", "instructions", samples)
}

fn compare_rows(reference: Vec<SummaryRow>, run: Vec<SummaryRow>) -> Comparison {
    Comparison::new(Vec::new(), &SummaryTable { rows: reference }, &SummaryTable { rows: run })
}

#[test]
fn the_same_counts_pass() {
    let rows = || vec![counts("sel4", &[538.0; 9]), counts("rel4", &[600.0; 9])];
    let comparison = compare_rows(rows(), rows());
    assert_eq!((comparison.verdict(), comparison.exit(), comparison.equal), (Verdict::Pass, Exit::Done, 2));
}

#[test]
fn one_instruction_more_anywhere_is_a_regression() {
    let reference = [538.0, 538.0, 540.0];
    for worse in [[538.0, 538.0, 541.0], [538.0, 539.0, 540.0], [100.0, 538.0, 541.0]] {
        let comparison = compare_rows(vec![counts("sel4", &reference)], vec![counts("sel4", &worse)]);
        assert_eq!(
            (comparison.verdict(), comparison.exit()),
            (Verdict::Regression, Exit::Failed),
            "{worse:?}"
        );
    }
}

#[test]
fn a_regression_is_named_with_both_numbers() {
    let comparison =
        compare_rows(vec![counts("sel4", &[500.0, 500.0])], vec![counts("sel4", &[510.0, 510.0])]);
    insta::assert_snapshot!(comparison.to_string(), @r"
    worse: ipc / sel4 / virt-icount / 1 hart / ipc: instructions; min 500 -> 510 (+2.00 %); median 500 -> 510 (+2.00 %); p95 500 -> 510 (+2.00 %); p99 500 -> 510 (+2.00 %); max 500 -> 510 (+2.00 %)
    gate: regression (0 of 1 rows equal, 0 rows of host time not judged)
    ");
}

#[test]
fn an_improvement_passes_and_asks_for_a_new_reference() {
    let comparison = compare_rows(vec![counts("sel4", &[500.0])], vec![counts("sel4", &[400.0])]);
    assert_eq!(comparison.exit(), Exit::Done);
    insta::assert_snapshot!(comparison.to_string(), @r"
    improved: ipc / sel4 / virt-icount / 1 hart / ipc: instructions; min 500 -> 400 (-20.00 %); median 500 -> 400 (-20.00 %); p95 500 -> 400 (-20.00 %); p99 500 -> 400 (-20.00 %); max 500 -> 400 (-20.00 %)
    improved counts are only guarded once the reference is refreshed
    gate: pass (0 of 1 rows equal, 0 rows of host time not judged)
    ");
}

#[test]
fn rows_on_one_side_only_are_named_and_a_missing_one_decides_nothing() {
    let comparison = compare_rows(
        vec![counts("sel4", &[1.0]), counts("gone", &[1.0])],
        vec![counts("sel4", &[1.0]), counts("new", &[1.0])],
    );
    assert_eq!(comparison.exit(), Exit::Inconclusive);
    insta::assert_snapshot!(comparison.to_string(), @r"
    missing: ipc / gone / virt-icount / 1 hart / ipc: instructions is in the reference but not in this run
    new: ipc / new / virt-icount / 1 hart / ipc: instructions is not in the reference; refresh it to guard this row
    gate: inconclusive (1 of 1 rows equal, 0 rows of host time not judged)
    ");
    let more =
        compare_rows(vec![counts("sel4", &[1.0])], vec![counts("sel4", &[1.0]), counts("new", &[1.0])]);
    assert_eq!(more.exit(), Exit::Done);
}

#[test]
fn another_number_of_samples_decides_nothing() {
    let comparison =
        compare_rows(vec![counts("sel4", &[1.0, 2.0])], vec![counts("sel4", &[1.0, 2.0, 2.0, 2.0])]);
    assert_eq!(comparison.exit(), Exit::Inconclusive);
}

#[test]
fn host_time_is_not_judged() {
    let time = |value| row("sel4", "host_time", "ns", &[value]);
    let slower =
        compare_rows(vec![counts("sel4", &[1.0]), time(1.0)], vec![counts("sel4", &[1.0]), time(1000.0)]);
    assert_eq!((slower.exit(), slower.unjudged), (Exit::Done, 1));
    let only_time = compare_rows(vec![time(1.0)], vec![time(1.0)]);
    assert_eq!(only_time.exit(), Exit::Inconclusive);
}

#[test]
fn counts_taken_under_other_conditions_decide_nothing() {
    let table = SummaryTable { rows: vec![counts("sel4", &[1.0])] };
    let comparison = Comparison::new(vec!["another compiler".into()], &table, &table);
    assert_eq!(comparison.exit(), Exit::Inconclusive);
}

#[test]
fn a_run_without_a_manifest_decides_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = SummaryTable { rows: vec![counts("sel4", &[1.0])] };
    table.save(&folder.path().join(SUMMARY_FILE)).expect("writable");
    let comparison = compare(folder.path(), folder.path()).expect("two summaries");
    assert_eq!((comparison.exit(), comparison.equal), (Exit::Inconclusive, 1));
}

#[test]
fn a_reference_without_a_summary_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(compare(folder.path(), folder.path()).is_err());
}
