//! A run against a reference.

use crate::bench::Bench;

/// The verdict on a run, by a reference like it but for its summary, in which `from` is replaced by `to`.
fn gate(from: &str, to: &str) -> crate::bench::Done {
    gate_with("", from, to)
}

/// The same, with a guest that behaves as told when suspects are run again.
fn gate_with(behaviour: &str, from: &str, to: &str) -> crate::bench::Done {
    let bench = Bench::new();
    for run in ["reference", "run"] {
        bench.harness("", &["run", "--matrix", "m.toml", "--out", run]).assert(0, "");
    }
    let summary = bench.read("reference/summary.csv");
    assert!(summary.contains(from), "{summary}");
    bench.write("reference/summary.csv", &summary.replace(from, to));
    bench.harness(behaviour, &["gate", "--reference", "reference", "run"])
}

#[test]
fn equal_counts_pass() {
    gate("499", "499").assert(0, "gate: pass (1 of 1 rows equal");
}

#[test]
fn one_instruction_more_is_a_regression() {
    let done = gate("499", "498");
    done.assert(1, "gate: regression");
    done.assert(1, "gate: 1 cells cost more than they may; running them again");
    done.assert(1, "worse: ipc / old / virt / 1 hart / ipc");
}

#[test]
fn a_suspect_that_cannot_be_run_again_or_fails_then_is_no_regression_yet() {
    gate_with("kernel-panic", "499", "498").assert(2, "suspect, not confirmed: ipc / old / virt");
    gate_with("old", "499", "498").assert(2, "gate: they cannot be run again: QEMU is too old");
}

#[test]
fn a_run_is_judged_at_its_end_if_asked_to() {
    let bench = Bench::new();
    bench.run("").assert(0, "");
    let arguments = |out| ["run", "--matrix", "m.toml", "--gate", "run", "--out", out];
    bench.harness("", &arguments("same")).assert(0, "gate: pass");
    bench.write("run/summary.csv", &bench.read("run/summary.csv").replace("499", "498"));
    bench.harness("", &arguments("worse")).assert(1, "gate: regression");
    assert!(bench.path("worse/reruns/1/manifest.json").exists(), "the second run is kept");
}

#[test]
fn a_run_that_passes_is_remembered_once() {
    let bench = Bench::new();
    for run in ["reference", "run"] {
        bench.harness("", &["run", "--matrix", "m.toml", "--out", run]).assert(0, "");
    }
    let arguments = ["gate", "--reference", "reference", "run", "--history", "history", "--remember"];
    bench.harness("", &arguments).assert(0, "gate: remembered in history/run");
    bench.harness("", &arguments).assert(3, "history/run is there already");
    bench
        .harness("", &arguments[..6])
        .assert(0, "history: 1 runs like this one, 0 made otherwise and left out");
}

#[test]
fn fewer_instructions_pass() {
    gate("499", "500").assert(0, "gate: pass");
}

#[test]
fn a_reference_that_cannot_be_read_is_no_verdict() {
    let bench = Bench::new();
    bench.harness("", &["gate", "--reference", "none", "none"]).assert(3, "none");
}
