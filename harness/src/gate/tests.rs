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
    let (reference, run) = (SummaryTable { rows: reference }, SummaryTable { rows: run });
    Comparison::new(Vec::new(), &reference, &run, &History::default())
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
    gate: regression (0 of 1 rows equal, 0 within their limits, 0 not judged)
    ");
}

#[test]
fn an_improvement_passes_and_asks_for_a_new_reference() {
    let comparison = compare_rows(vec![counts("sel4", &[500.0])], vec![counts("sel4", &[400.0])]);
    assert_eq!(comparison.exit(), Exit::Done);
    insta::assert_snapshot!(comparison.to_string(), @r"
    improved: ipc / sel4 / virt-icount / 1 hart / ipc: instructions; min 500 -> 400 (-20.00 %); median 500 -> 400 (-20.00 %); p95 500 -> 400 (-20.00 %); p99 500 -> 400 (-20.00 %); max 500 -> 400 (-20.00 %)
    improved costs are only guarded once the reference is refreshed
    gate: pass (0 of 1 rows equal, 0 within their limits, 0 not judged)
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
    gate: inconclusive (1 of 1 rows equal, 0 within their limits, 0 not judged)
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
fn host_time_without_a_history_is_not_judged() {
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
    let comparison = Comparison::new(vec!["another compiler".into()], &table, &table, &History::default());
    assert_eq!(comparison.exit(), Exit::Inconclusive);
}

#[test]
fn a_run_without_a_manifest_decides_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = SummaryTable { rows: vec![counts("sel4", &[1.0])] };
    table.save(&folder.path().join(SUMMARY_FILE)).expect("writable");
    let comparison = compare(folder.path(), folder.path(), folder.path()).expect("two summaries");
    assert_eq!((comparison.exit(), comparison.equal), (Exit::Inconclusive, 1));
}

#[test]
fn a_reference_without_a_summary_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(compare(folder.path(), folder.path(), folder.path()).is_err());
}

#[test]
fn modelled_cycles_have_a_limit_and_beyond_it_they_are_a_regression() {
    let cycles = |value| row("sel4", "cycles", "cycles", &[value]);
    for (now, verdict) in [(1009.0, Verdict::Pass), (1011.0, Verdict::Regression), (900.0, Verdict::Pass)] {
        let comparison = compare_rows(vec![cycles(1000.0)], vec![cycles(now)]);
        assert_eq!(comparison.verdict(), verdict, "{now}");
    }
}

#[test]
fn a_median_beyond_the_limit_whose_interval_is_not_is_undecided() {
    let before = row("sel4", "cycles", "cycles", &[1000.0; 9]);
    let now = row(
        "sel4",
        "cycles",
        "cycles",
        &[900.0, 990.0, 1000.0, 1005.0, 1050.0, 1060.0, 1100.0, 1500.0, 1600.0],
    );
    let comparison = compare_rows(vec![before], vec![now]);
    assert_eq!(comparison.changes[0].direction, Direction::Undecided);
    assert_eq!(comparison.verdict(), Verdict::Inconclusive);
}

#[test]
fn a_suspect_is_a_regression_only_if_it_is_one_again() {
    let table = |value| SummaryTable { rows: vec![counts("sel4", &[value])] };
    let suspicious = || compare_rows(table(500.0).rows, table(510.0).rows);
    assert_eq!(suspicious().suspects().len(), 1);
    for (again, verdict) in [
        (table(510.0), Verdict::Regression),
        (table(505.0), Verdict::Regression),
        (table(500.0), Verdict::Inconclusive),
        (SummaryTable::default(), Verdict::Inconclusive),
    ] {
        let mut comparison = suspicious();
        comparison.confirm(&table(500.0), &again);
        assert_eq!(comparison.verdict(), verdict, "{again:?}");
    }
}

#[test]
fn a_history_widens_the_limits_of_what_spreads_and_leaves_out_what_was_made_otherwise() {
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = |run: &str, rustc: &str| -> Manifest {
        serde_json::from_value(serde_json::json!({
            "schema": 1, "run": run, "state": "complete", "started": "", "finished": null,
            "matrix": { "name": "m", "path": "m.toml", "sha256": "" },
            "source": { "revision": null, "changes": [] },
            "toolchain": { "rustc": rustc, "cargo": null }, "emulators": {}, "firmware": "OpenSBI",
            "host": { "system": null, "kernel": null, "cpu": null, "cores": null, "memory_kib": null },
            "seeds": {}, "images": {}, "planned": [], "cells": [], "abandoned": [],
        }))
        .expect("a manifest")
    };
    let (history, run) = (folder.path().join("history"), folder.path().join("run"));
    let measured = |run: &Path, name: &str, rustc: &str, time: f64| {
        std::fs::create_dir_all(run).expect("writable");
        let rows = vec![row("sel4", "host_time", "ns", &[time]), counts("sel4", &[5.0])];
        SummaryTable { rows }.save(&run.join(SUMMARY_FILE)).expect("writable");
        manifest(name, rustc).save(run).expect("writable");
    };
    for (index, time) in [100.0, 130.0, 90.0, 110.0, 105.0].into_iter().enumerate() {
        let name = format!("r{index}");
        measured(&run, &name, "1.88", time);
        History::remember(&history, &run, &manifest(&name, "1.88")).expect("a new run");
    }
    History::remember(&history, &run, &manifest("r4", "1.88")).expect_err("it counts once");
    History::remember(&history, &run, &manifest("other", "1.99")).expect("a new run");

    let reference = folder.path().join("reference");
    measured(&reference, "reference", "1.88", 100.0);
    for (time, verdict) in [(120.0, Verdict::Pass), (150.0, Verdict::Regression)] {
        measured(&run, "now", "1.88", time);
        let comparison = compare(&reference, &run, &history).expect("readable");
        assert_eq!(
            (comparison.verdict(), comparison.history, comparison.unjudged),
            (verdict, (5, 1), 0),
            "{comparison}"
        );
    }
}
