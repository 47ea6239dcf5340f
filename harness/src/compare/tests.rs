use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::config::Clock;
use crate::exit::Exit;
use crate::manifest::Manifest;
use crate::report::Findings;
use crate::results::{CellKey, CellMeta, SampleTable, Series, SummaryTable, TestTable};
use crate::serial;

fn manifest(rustc: &str, order: &[&str]) -> Manifest {
    let cell = |kernel: &&str| {
        json!({
            "id": format!("ipc.{kernel}.virt.r0"), "group": "g", "experiment": "ipc", "kernel": kernel,
            "platform": "virt", "harts": 1, "workload": "ipc", "parameters": {}, "repeat": 0, "clock": "icount",
            "run_id": "1", "command": [], "serial": "log", "started": "", "host_ms": 1, "outcome": { "kind": "measured" },
        })
    };
    let manifest = json!({
        "schema": 1, "run": "run", "state": "complete", "started": "", "finished": null,
        "matrix": { "name": "m", "path": "m.toml", "sha256": "" },
        "source": { "revision": null, "changes": [] }, "toolchain": { "rustc": rustc, "cargo": null },
        "emulators": {}, "firmware": "OpenSBI", "seeds": {}, "images": {},
        "host": { "system": null, "kernel": null, "cpu": null, "cores": null, "memory_kib": null },
        "planned": [], "cells": order.iter().map(cell).collect::<Vec<_>>(), "abandoned": [],
    });
    serde_json::from_value(manifest).expect("a manifest")
}

fn key(experiment: &str, kernel: &str) -> CellKey {
    CellKey {
        experiment: experiment.into(),
        kernel: kernel.into(),
        platform: "virt".into(),
        harts: 1,
        workload: "w".into(),
        parameters: BTreeMap::new(),
    }
}

/// A run of two kernels: a round trip on each, and a suite of three tests.
fn findings(cost: f64) -> Findings {
    let mut samples = SampleTable::default();
    let mut tests = TestTable::default();
    for (kernel, factor, log) in [
        ("sel4", 1.0, "Starting test 1: A\nTest A passed\nStarting test 2: B\nTest B passed\n"),
        ("rel4", 2.0, "Starting test 1: A\nTest A passed\nStarting test 2: B\nTest B failed\n"),
    ] {
        let series = |metric: &str, values: Vec<f64>| Series {
            metric: metric.into(),
            unit: "instructions".into(),
            values,
        };
        let meta = |experiment| CellMeta { key: key(experiment, kernel), repeat: 0, clock: Clock::Icount };
        let round_trips = series("instructions", vec![cost * factor; 3]);
        samples.insert(&meta("ipc"), vec![round_trips, series("run_hart0_waits", vec![1.0])]).expect("new");
        let of_tests = [("A", 100.0 * factor), ("B", 100.0 / factor)];
        let of_tests = of_tests.map(|(test, cost)| series(test, vec![cost])).to_vec();
        samples.insert(&meta("suite"), of_tests).expect("new");
        let log = format!("Starting test suite sel4test\n{log}");
        tests.insert(&meta("suite"), &serial::parse(log.as_bytes(), None));
    }
    Findings { summary: SummaryTable::of(&samples), samples, tests }
}

fn run(cost: f64) -> Run {
    Run { manifest: manifest("1.88", &["sel4", "rel4", "rel4", "sel4"]), findings: findings(cost) }
}

#[test]
fn two_runs_are_compared_cell_by_cell() {
    let (before, after) = (run(500.0), run(400.0));
    let comparison =
        Comparison::new(&Side::whole("before".into(), &before), &Side::whole("after".into(), &after));
    let ratios: Vec<_> =
        comparison.pairs.iter().map(|pair| (pair.cell.kernel.as_str(), pair.direction())).collect();
    assert_eq!(
        ratios,
        [("rel4", Direction::Less), ("sel4", Direction::Less)],
        "counters and tests are left out"
    );
    assert_eq!(
        (comparison.pairs[0].ratio.map(|ratio| ratio.ratio), comparison.order.clone()),
        (Some(0.8), None)
    );
    assert_eq!((comparison.exit(), comparison.suite.tests.len()), (Exit::Done, 4));
}

#[test]
fn two_kernels_of_a_run_are_compared_with_their_tests() {
    let Run { manifest, findings } = run(500.0);
    let [sel4, rel4] = ["sel4", "rel4"].map(|kernel| Side::kernel(kernel, &manifest, &findings));
    let comparison = Comparison::new(&sel4, &rel4);
    insta::assert_snapshot!(comparison.to_string(), @r"
    In one session, in the order ABBA.

    | cell | metric | sel4 | rel4 | ratio | 95 % interval | |
    | --- | --- | ---: | ---: | ---: | --- | --- |
    | ipc / * / virt / 1 hart / w | instructions in instructions | 500 | 1000 | 2.000 | 2.000 – 2.000 | more |

    ### Tests of suite / * / virt / 1 hart / w

    | test | sel4 | rel4 | cost, sel4 | cost, rel4 | ratio |
    | --- | --- | --- | ---: | ---: | ---: |
    | A | passed | passed | 100 | 200 | 2.000 |
    | B | passed | failed | 100 | 50 | 0.500 |

    Geometric mean of the ratios of 2 tests: 1.000.
    ");
}

#[test]
fn unlike_things_are_named() {
    let (one, other) = (run(500.0), Run { manifest: manifest("1.99", &[]), ..run(500.0) });
    let obstacles = Side::whole("one".into(), &one).obstacles(&Side::whole("other".into(), &other));
    assert_eq!(obstacles, ["another compiler: reference 1.88, here 1.99"]);
}
