use std::path::Path;

use serde_json::json;

use super::*;
use crate::claims::{Claim, Table};
use crate::config::Clock;
use crate::figures::FigureSpec;
use crate::page::contents::Figure;
use crate::results::{CellKey, CellMeta, SampleTable, Series, SummaryTable, TestTable};
use crate::serial;
use crate::upstream::published::{Build, Cycles, Instructions};
use crate::upstream::{comparison::Comparison, validation::Validation};

/// What a guest would write to break out of every place that text can stand in.
const HOSTILE: &str = "</td></table><script>alert(1)</script><img src=x onerror=alert(2)>\"'&lt;";

fn cell(id: &str, repeat: u32, outcome: &serde_json::Value) -> serde_json::Value {
    json!({
        "id": id, "group": "bench.sel4.u54", "experiment": "bench", "kernel": "sel4", "platform": "u54",
        "harts": 1, "workload": "bench", "parameters": { "rounds": 2, "group": "all" }, "repeat": repeat,
        "clock": "model", "run_id": "1", "command": ["qemu", "-append", "run=1"],
        "serial": format!("serial/{id}.log"), "started": "2026-01-01T00:00:00Z", "host_ms": 1500,
        "retries": repeat, "warnings": ["VS-mode is not confined"], "outcome": outcome,
    })
}

/// A run with a cell of every kind.
fn manifest() -> Manifest {
    let panic = json!({ "kind": "kernel-panic", "detail": HOSTILE });
    let stalled = json!({ "kind": "stalled", "detail": { "secs": 30, "nanos": 0 } });
    let manifest = json!({
        "schema": 1, "run": "2026-01-01-golden", "state": "incomplete",
        "started": "2026-01-01T00:00:00Z", "finished": null,
        "matrix": { "name": "golden", "path": "golden.toml", "sha256": "11" },
        "source": { "revision": "22", "changes": [" M kernel/src/lib.rs"] },
        "toolchain": { "rustc": "rustc 1.88", "cargo": null },
        "emulators": { "u54": { "program": "qemu", "sha256": "33", "version": "QEMU 7.2" } },
        "firmware": "OpenSBI v1.1",
        "host": { "system": "Debian", "kernel": "6.1", "cpu": "cpu", "cores": 2, "memory_kib": 1024 },
        "seeds": { "bootstrap": 4 },
        "images": { "sel4": { "path": "images/sel4.elf", "sha256": "44", "bytes": 5, "build": {
            "features": ["sync-ipc"], "settings": { "REL4_TICK_MS": "2" }, "parts": {} } } },
        "planned": ["bench.sel4.u54.r0", "bench.sel4.u54.r1", "bench.sel4.u54.r2"],
        "skipped": [{ "id": "bench.upstream.u54.r0", "reason": "there is no kernel upstream.elf; build it there" }],
        "cells": [
            cell("bench.sel4.u54.r0", 0, &json!({ "kind": "measured" })),
            cell("bench.sel4.u54.r1", 1, &panic),
        ],
        "abandoned": [cell("bench.sel4.u54.r1", 1, &stalled)],
    });
    serde_json::from_value(manifest).expect("a manifest")
}

fn findings(manifest: &Manifest) -> Findings {
    let mut samples = SampleTable::default();
    let series = |metric: &str, unit: &str, values: [f64; 2]| Series {
        metric: metric.to_owned(),
        unit: unit.to_owned(),
        values: values.to_vec(),
    };
    let all = vec![
        series("ipc_call", "cycles", [700.0, 710.0]),
        series("ipc_call_instructions", "instructions", [200.0, 200.0]),
        series("cycles_user", "cycles", [200.0, 210.0]),
        series("cycles_kernel", "cycles", [500.0, 500.0]),
        series("run_hart0_waits", "events", [1.0, 1.0]),
    ];
    samples.insert(&manifest.cells[0].meta(), all).expect("a new cell");
    let mut tests = TestTable::default();
    let log = format!(
        "Starting test suite sel4test\nStarting test 1: BIND0001\nTest BIND0001 passed\n\
         Starting test 2: IPC0001\n\tError: {HOSTILE} at line 3 of file ipc.rs\nTest IPC0001 failed\n"
    );
    let key =
        CellKey { experiment: "suite".into(), workload: "suite".into(), ..manifest.cells[0].meta().key };
    tests.insert(&CellMeta { key, repeat: 0, clock: Clock::Icount }, &serial::parse(log.as_bytes(), None));
    Findings { summary: SummaryTable::of(&samples), samples, tests }
}

fn page() -> String {
    let manifest = manifest();
    let findings = findings(&manifest);
    let spec = "id = \"stages\"\ntitle = \"Stages of a call\"\nkind = \"stack\"\nexperiment = \"bench\"\n\
        metric = \"ipc_call\"\nx = { label = \"cost\", unit = \"cycles\" }\ny = { label = \"cells\", unit = \"none\" }\n\
        parts = [{ metric = \"cycles_user\", label = \"user\" }, { metric = \"cycles_kernel\", label = \"kernel\" }]\n\
        caption = \"{metric} of {run}\"\n";
    let spec = FigureSpec::parse(Path::new("stages.toml"), spec).expect("a good specification");
    let operation = "one-way Call".to_owned();
    let cycles = [Cycles {
        id: "ipc_call".into(),
        operation: operation.clone(),
        build: Build::Unicore,
        min: 600.0,
        q1: 600.0,
        median: 668.0,
        mean: 668.0,
        q3: 700.0,
        max: 900.0,
        stddev: 1.0,
        n: 16,
    }];
    let instructions = [Instructions { id: "ipc_call".into(), operation, instructions: 249.0 }];
    let counted = SummaryTable {
        rows: vec![crate::results::SummaryRow {
            metric: "ipc_call".into(),
            unit: "instructions".into(),
            ..findings.summary.rows[0].clone()
        }],
    };
    let claims = "[[claims]]\nid = \"E4\"\nclaim = \"a call is fast\"\npaper = \"+1 %\"\nunit = \"cycles\"\n\
        target = { at-most = 600.0 }\n\
        quantity.median = { experiment = \"bench\", kernel = \"sel4\", metric = \"ipc_call\" }\n\
        blame.stages = { experiment = \"bench\", kernel = \"sel4\", metric = [\"cycles_user\", \"cycles_kernel\"] }\n";
    let claims = Claim::parse(Path::new("claims.toml"), claims).expect("a good claim");
    let claims = Table::new(&claims, &manifest, &findings, &instructions);
    let contents = Contents {
        figures: vec![Figure { spec, svg: "<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_owned() }],
        not_drawn: Vec::new(),
        claims: Some(ClaimsOfRun { of_this_run: claims, of_others: vec!["E7-connections-4".to_owned()] }),
        instructions: Some(Comparison::new(&instructions, &counted)),
        cycles: Some(Validation::new(&cycles, &instructions, &findings.summary, &manifest)),
        manifest: &manifest,
        findings: &findings,
    };
    contents.page().into_string()
}

/// The page one element a line, without its style.
fn readable(page: &str) -> String {
    let (before, rest) = page.split_once("<style>").expect("a style");
    let (_, after) = rest.split_once("</style>").expect("its end");
    format!("{before}<style/>{after}").replace("><", ">\n<")
}

#[test]
fn the_page_says_everything_about_a_run() {
    insta::assert_snapshot!(readable(&page()));
}

#[test]
fn what_a_guest_writes_stays_text() {
    let page = page();
    for markup in ["<script", "<img src=x", "onerror=alert(2)>"] {
        assert!(!page.contains(markup), "{markup}");
    }
    let escaped = "&lt;/td&gt;&lt;/table&gt;&lt;script&gt;alert(1)&lt;/script&gt;";
    assert!(page.matches(escaped).count() >= 3, "outcome, test, and list of cells all show it");
}

#[test]
fn the_page_loads_nothing() {
    let page = page();
    for attribute in ["src=\"", "href=\"", "url("] {
        let targets = page.split(attribute).skip(1).map(|rest| rest.chars().take(5).collect::<String>());
        for target in targets {
            assert!(target.starts_with('#') || target == "data:", "{attribute}{target}");
        }
    }
    assert!(!page.contains("http://") && !page.contains("https://"));
}
