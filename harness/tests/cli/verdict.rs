//! A run against a reference.

use crate::bench::Bench;

/// Two runs, the first with `from` replaced by `to` in its summary, and the verdict on the second.
fn gate(from: &str, to: &str) -> crate::bench::Done {
    let bench = Bench::new();
    for run in ["reference", "run"] {
        bench.harness("", &["run", "--matrix", "m.toml", "--out", run]).assert(0, "");
    }
    let summary = bench.read("reference/summary.csv");
    assert!(summary.contains(from), "{summary}");
    bench.write("reference/summary.csv", &summary.replace(from, to));
    bench.harness("", &["gate", "--reference", "reference", "run"])
}

#[test]
fn equal_counts_pass() {
    gate("499", "499").assert(0, "gate: pass (1 of 1 rows equal");
}

#[test]
fn one_instruction_more_is_a_regression() {
    gate("499", "498").assert(1, "gate: regression");
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
