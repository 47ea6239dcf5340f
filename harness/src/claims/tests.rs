use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

use super::*;
use crate::config::{Clock, Value};
use crate::exit::Exit;
use crate::manifest::Manifest;
use crate::report::Findings;
use crate::results::{CellKey, CellMeta, SampleTable, Series, SummaryTable, TestTable};
use crate::serial;
use crate::upstream::published::Instructions;

fn key(experiment: &str, kernel: &str, parameters: &[(&str, i64)]) -> CellKey {
    let parameters = parameters.iter().map(|&(name, value)| (name.to_owned(), Value::Number(value)));
    CellKey {
        experiment: experiment.into(),
        kernel: kernel.into(),
        platform: "u54".into(),
        harts: 1,
        workload: "w".into(),
        parameters: parameters.collect(),
    }
}

/// A run with synchronous calls, asynchronous ones at two points, and a suite.
fn findings() -> Findings {
    let mut samples = SampleTable::default();
    let mut insert = |key: CellKey, metrics: &[(&str, f64)]| {
        let series = metrics.iter().map(|&(metric, value)| Series {
            metric: metric.into(),
            unit: "cycles".into(),
            values: vec![value],
        });
        let meta = CellMeta { key, repeat: 0, clock: Clock::Model };
        samples.insert(&meta, series.collect()).expect("a new cell");
    };
    insert(key("sync", "sel4", &[]), &[("cycles", 1000.0), ("cycles_user", 300.0), ("cycles_kernel", 690.0)]);
    insert(key("async", "rel4", &[("concurrency", 8)]), &[("cycles", 400.0)]);
    insert(
        key("async", "rel4", &[("concurrency", 32)]),
        &[("cycles", 250.0), ("cycles_user", 200.0), ("cycles_kernel", 50.0)],
    );
    insert(key("suite", "sel4", &[]), &[("A", 100.0), ("B", 100.0), ("C", 5.0)]);
    insert(key("suite", "rel4", &[]), &[("A", 200.0), ("B", 50.0), ("D", 5.0)]);
    let mut tests = TestTable::default();
    let log = "Starting test suite sel4test\nStarting test 1: A\nTest A passed\nStarting test 2: B\nTest B failed\n";
    let meta = CellMeta { key: key("suite", "sel4", &[]), repeat: 0, clock: Clock::Icount };
    tests.insert(&meta, &serial::parse(log.as_bytes(), None));
    Findings { summary: SummaryTable::of(&samples), samples, tests }
}

fn manifest() -> Manifest {
    let cell = |id: &str, parameters: serde_json::Value, outcome: serde_json::Value| {
        let [experiment, kernel] =
            [0, 1].map(|part| id.split('.').nth(part).expect("an experiment and a kernel"));
        json!({
            "id": id, "group": "g", "experiment": experiment, "kernel": kernel,
            "platform": "u54", "harts": 1, "workload": "w", "parameters": parameters, "repeat": 0, "clock": "model",
            "run_id": "1", "command": [], "serial": "log", "started": "", "host_ms": 1, "outcome": outcome,
        })
    };
    let manifest = json!({
        "schema": 1, "run": "run", "state": "complete", "started": "", "finished": null,
        "matrix": { "name": "m", "path": "m.toml", "sha256": "" },
        "source": { "revision": null, "changes": [] }, "toolchain": { "rustc": null, "cargo": null },
        "emulators": {}, "firmware": null, "seeds": {}, "images": {},
        "host": { "system": null, "kernel": null, "cpu": null, "cores": null, "memory_kib": null },
        "planned": ["sync.sel4.u54.r0", "panic.sel4.u54.r0", "late.sel4.u54.r0",
            "async.rel4.u54.concurrency-8.r0", "async.rel4.u54.concurrency-32.r0"],
        "skipped": [{ "id": "suite.upstream.u54.r0", "reason": "there is no kernel upstream.elf; build it there" }],
        "cells": [
            cell("sync.sel4.u54.r0", json!({}), json!({ "kind": "measured" })),
            cell("panic.sel4.u54.r0", json!({}), json!({ "kind": "kernel-panic", "detail": "no memory" })),
            cell("async.rel4.u54.concurrency-8.r0", json!({ "concurrency": 8 }), json!({ "kind": "measured" })),
            cell("async.rel4.u54.concurrency-32.r0", json!({ "concurrency": 32 }), json!({ "kind": "measured" })),
        ],
        "abandoned": [],
    });
    serde_json::from_value(manifest).expect("a manifest")
}

/// What becomes of a claim with this quantity and these lines more.
fn judge(quantity: &str, target: &str, more: &str) -> Finding {
    let text = format!(
        "[[claims]]\nid = \"E4\"\nclaim = \"c\"\npaper = \"p\"\nunit = \"times\"\ntarget = {{ {target} }}\n{more}\n\
         quantity = {quantity}\n"
    );
    let claims = Claim::parse(Path::new("claims.toml"), &text).unwrap_or_else(|error| panic!("{error}"));
    let upstream = [("cycles", 800.0), ("cycles_user", 100.0)].map(|(id, instructions)| Instructions {
        id: id.to_owned(),
        operation: "o".to_owned(),
        instructions,
    });
    Table::new(&claims, &manifest(), &findings(), &upstream).findings.remove(0)
}

const SYNC: &str = "{ experiment = \"sync\", kernel = \"sel4\", metric = \"cycles\" }";
const ASYNC: &str = "{ experiment = \"async\", kernel = \"rel4\", metric = \"cycles\" }";

fn ratio() -> String {
    format!("{{ ratio = {{ of = {SYNC}, by = {ASYNC} }} }}")
}

#[test]
fn a_ratio_of_medians_meets_its_target_or_fails() {
    let at_32 = "each = { concurrency = [32] }";
    let met = judge(&ratio(), "at-least = 4.0", at_32);
    assert_eq!((met.verdict, met.here), (Verdict::Met, Some(4.0)));
    let failed = judge(&ratio(), "at-least = 5.0", at_32);
    assert_eq!((failed.verdict, failed.here_text().as_str()), (Verdict::Failed, "4 times"));
    let as_in_the_paper =
        judge(&ratio(), "at-least = 5.0", &format!("{at_32}\npaper_bound = {{ at-least = 3.0 }}"));
    assert_eq!(as_in_the_paper.verdict, Verdict::PaperOnly);
}

#[test]
fn of_several_points_the_worst_decides_and_is_named() {
    let finding = judge(&ratio(), "at-least = 3.0", "each = { concurrency = [8, 32] }");
    assert_eq!((finding.verdict, finding.here), (Verdict::Failed, Some(2.5)));
    assert_eq!(finding.remark, "the worst of 2 at concurrency = 8");
}

#[test]
fn a_failure_names_the_stage_that_costs_the_most() {
    let blame = "each = { concurrency = [32] }\nblame = { stages = { experiment = \"async\", kernel = \"rel4\", \
                 metric = [\"cycles_kernel\", \"cycles_user\"] } }";
    let finding = judge(&ratio(), "at-least = 5.0", blame);
    assert_eq!(finding.remark, "of async / rel4 concurrency=32 the most is `cycles_user`: 200 of 250 (80 %)");
    assert_eq!(
        judge(&ratio(), "at-least = 4.0", blame).remark,
        "",
        "a claim that is met has nothing to blame"
    );
}

#[test]
fn stages_that_do_not_add_up_are_found() {
    let parts = "{ experiment = \"sync\", kernel = \"sel4\", metric = [\"cycles_user\", \"cycles_kernel\"] }";
    let gap = format!("{{ gap = {{ parts = {parts}, whole = {SYNC} }} }}");
    let finding = judge(&gap, "at-most = 0.02", "");
    assert!((finding.here.expect("a number") - 0.01).abs() < 1e-12);
    assert_eq!(judge(&gap, "at-most = 0.005", "").verdict, Verdict::Failed);
}

#[test]
fn the_geometric_mean_is_over_what_both_have() {
    let suite = |kernel: &str| format!("{{ experiment = \"suite\", kernel = \"{kernel}\" }}");
    let mean = format!("{{ geometric-mean = {{ of = {}, by = {} }} }}", suite("rel4"), suite("sel4"));
    // A twice as much, B half as much.
    let finding = judge(&mean, "at-most = 1.0", "");
    assert!((finding.here.expect("a number") - 1.0).abs() < 1e-12);
}

#[test]
fn the_largest_excess_over_upstream_decides() {
    let quantity =
        "{ upstream = { experiment = \"sync\", kernel = \"sel4\", metric = [\"cycles\", \"cycles_user\"] } }";
    assert_eq!(judge(quantity, "at-most = 1.0", "").here, Some(3.0));
}

#[test]
fn tests_that_did_not_pass_are_counted() {
    let quantity = "{ tests-not-passed = { experiment = \"suite\", kernel = \"sel4\" } }";
    assert_eq!(judge(quantity, "at-most = 0.0", "").here, Some(1.0));
}

#[test]
fn what_is_not_measured_says_why() {
    let of = |experiment: &str, kernel: &str, metric: &str| {
        format!(
            "{{ median = {{ experiment = \"{experiment}\", kernel = \"{kernel}\", metric = \"{metric}\" }} }}"
        )
    };
    for (quantity, reason) in [
        (of("tcp", "sel4", "cycles"), "the matrix m has no experiment `tcp`"),
        (of("sync", "rel4", "cycles"), "the matrix m does not run `sync` on rel4"),
        (of("sync", "sel4", "traps"), "sync / sel4 has no metric `traps`"),
        (of("panic", "sel4", "cycles"), "panic.sel4.u54.r0: the kernel panicked: no memory"),
        (of("late", "sel4", "cycles"), "late / sel4 was not run yet"),
        (of("suite", "upstream", "A"), "suite / upstream was skipped: there is no kernel upstream.elf"),
        (of("async", "rel4", "cycles"), "async / rel4 means 2 cells; the claim must say more"),
    ] {
        let finding = judge(&quantity, "at-most = 1.0", "");
        assert_eq!((finding.verdict, finding.here), (Verdict::NotMeasured, None), "{quantity}");
        assert!(finding.remark.starts_with(reason), "{}", finding.remark);
    }
}

#[test]
fn a_point_that_the_matrix_does_not_have_is_named_and_the_others_decide() {
    let sampled = judge(&ratio(), "at-least = 1.0", "each = { concurrency = [8, 64] }");
    assert_eq!((sampled.verdict, sampled.here), (Verdict::Met, Some(2.5)));
    assert_eq!(sampled.remark, "the worst of 1 at concurrency = 8; not in this matrix: concurrency = 64");
    let nowhere = judge(&ratio(), "at-least = 1.0", "each = { concurrency = [64] }");
    assert_eq!((nowhere.verdict, nowhere.here), (Verdict::NotMeasured, None));
    assert_eq!(nowhere.remark, "the matrix m has no cell async / rel4 concurrency=64");
}

#[test]
fn a_point_that_should_have_been_measured_and_was_not_is_enough_to_decide_nothing() {
    let stages = "{ experiment = \"async\", kernel = \"rel4\", metric = \"cycles_user\" }";
    let user = format!("{{ ratio = {{ of = {stages}, by = {SYNC} }} }}");
    let finding = judge(&user, "at-most = 1.0", "each = { concurrency = [8, 32] }");
    assert_eq!((finding.verdict, finding.here), (Verdict::NotMeasured, None));
    assert_eq!(finding.remark, "async / rel4 concurrency=8 has no metric `cycles_user`");
}

#[test]
fn the_table_is_shown_and_its_exit_is_that_of_its_worst_claim() {
    let table = |quantities: &[&str]| {
        let claims = quantities.iter().map(|target| {
            let each = "each = { concurrency = [32] }";
            judge(&ratio(), target, each)
        });
        Table { findings: claims.collect() }
    };
    assert_eq!(table(&["at-least = 1.0"]).exit(), Exit::Done);
    assert_eq!(table(&["at-least = 1.0", "at-least = 9.0"]).exit(), Exit::Failed);
    let missing = Finding {
        verdict: Verdict::NotMeasured,
        ..judge(&ratio(), "at-least = 1.0", "each = { concurrency = [8] }")
    };
    assert_eq!(Table { findings: vec![missing] }.exit(), Exit::Inconclusive);
    insta::assert_snapshot!(table(&["at-least = 1.0", "at-least = 9.0"]).to_string(), @r"
    | id | claim | paper | target | here | verdict | remark |
    | --- | --- | --- | --- | ---: | --- | --- |
    | E4 | c | p | ≥ 1 | 4 times | met |  |
    | E4 | c | p | ≥ 9 | 4 times | FAILED |  |

    2 claims: 1 met, 0 as in the paper with our target missed, 1 failed, 0 not measured.
    ");
}

#[test]
fn a_mistake_in_a_claim_is_named_with_line_and_column() {
    let error =
        Claim::parse(Path::new("c.toml"), "[[claims]]\nid = \"x\"\nclaims = 1\n").expect_err("a mistake");
    assert!(error.to_string().starts_with("c.toml:3:1: unknown field `claims`"), "{error}");
}

#[test]
fn the_projects_claims_can_be_read_and_each_has_a_name_of_its_own() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../paper-figures/claims");
    let claims = Claim::load_all(&folder).unwrap_or_else(|error| panic!("{error}"));
    let mut names = BTreeMap::new();
    for claim in &claims {
        assert_eq!(names.insert(&claim.id, ()), None, "{} is there twice", claim.id);
    }
    assert!(!claims.is_empty());
}
