//! Two runs or kernels beside each other.

use crate::bench::{Bench, MATRIX};

/// Two runs of the same matrix, and a third of the same with another value of a parameter.
fn runs() -> Bench {
    let bench = Bench::new();
    for run in ["before", "after"] {
        bench.harness("", &["run", "--matrix", "m.toml", "--out", run]).assert(0, "");
    }
    bench.write("m.toml", &MATRIX.replace("words = 0", "words = 4"));
    bench.run("").assert(0, "");
    bench
}

#[test]
fn two_runs_are_compared_with_an_interval_and_their_pairs_written() {
    let bench = runs();
    let done = bench.harness("", &["compare", "before", "after", "--csv", "pairs.csv"]);
    done.assert(0, "instructions in instructions | 499 | 499 | 1.000 | 1.000 – 1.000 | equal |");
    done.assert(0, "Two sessions");
    assert!(bench.read("pairs.csv").contains(",instructions,instructions,499,499,1,1,1,equal"));
}

#[test]
fn cells_with_other_parameters_are_no_pair() {
    runs().harness("", &["compare", "before", "run"]).assert(2, "nothing to compare");
}

#[test]
fn unlike_runs_are_refused_unless_forced() {
    let bench = runs();
    let manifest = bench.read("after/manifest.json").replace("OpenSBI v1.1", "OpenSBI v9.9");
    bench.write("after/manifest.json", &manifest);
    let refused = bench.harness("", &["compare", "before", "after"]);
    refused.assert(2, "unlike: another firmware: reference OpenSBI v1.1, here OpenSBI v9.9");
    refused.assert(2, "not compared; --force compares all the same");
    bench.harness("", &["compare", "before", "after", "--force"]).assert(0, "unlike: another firmware");
}

#[test]
fn a_kernel_that_was_not_measured_and_options_that_contradict_are_named() {
    let bench = runs();
    bench
        .harness("", &["compare", "before", "--between", "old", "new"])
        .assert(3, "measured no kernel `new`");
    bench
        .harness("", &["compare", "before", "after", "--kernel", "old"])
        .assert(3, "leave out --between and --kernel");
    bench.harness("", &["compare", "before", "--force"]).assert(3, "--force and --csv are for two runs");
    bench.harness("", &["compare", "none", "after"]).assert(3, "none is not a run directory");
}
