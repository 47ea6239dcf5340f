//! The whole evaluation, in a checkout of the smallest kind.

use std::fs;

use crate::bench::{Bench, Done, MATRIX};

const CLAIMS: &str = r#"
[[claims]]
id = "short"
claim = "a round trip is short"
paper = "–"
unit = "instructions"
target = { at-most = 500.0 }
quantity.median = { experiment = "ipc", kernel = "old", metric = "instructions" }

[[claims]]
id = "tcp"
claim = "a server is fast"
paper = "+192 %"
unit = "times"
target = { at-least = 3.0 }
quantity.median = { experiment = "tcp", kernel = "old", metric = "throughput" }
"#;

/// A checkout with the small matrix as its quick one.
fn checkout() -> Bench {
    let bench = Bench::new();
    for folder in ["kernel", "configs", "paper-figures/claims", "results/upstream"] {
        fs::create_dir_all(bench.path(folder)).expect("writable");
    }
    bench.write("Cargo.toml", "[workspace]\n");
    bench.write("kernel/Cargo.toml", "");
    bench.write("configs/quick.toml", &MATRIX.replace("old.elf", "../old.elf"));
    bench.write("paper-figures/claims/all.toml", CLAIMS);
    bench.write("results/upstream/qemu-instructions.csv", "id,operation,instructions\n");
    bench.write(
        "results/upstream/hifive-cycles.csv",
        "id,operation,build,min,q1,median,mean,q3,max,stddev,n\n",
    );
    bench
}

fn reproduce(bench: &Bench, behaviour: &str) -> Done {
    bench.harness(behaviour, &["reproduce", "--quick", "--run", "results/mine"])
}

#[test]
fn every_claim_has_a_verdict_or_says_why_not_and_the_reference_figures_stay_as_they_are() {
    let bench = checkout();
    let done = reproduce(&bench, "");
    done.assert(2, "| short | a round trip is short | – | ≤ 500 | 499 instructions | met |");
    done.assert(2, "| not measured | the matrix quick has no experiment `tcp` |");
    done.assert(2, "2 claims: 1 met, 0 as in the paper with our target missed, 0 failed, 1 not measured.");
    for file in ["results/mine/claims.csv", "results/mine/paper-figures/claims.md"] {
        assert!(bench.read(file).contains("a round trip is short"), "{file}");
    }
    assert!(bench.read("results/mine/report.html").contains("a round trip is short"));
    let manifest = bench.read("results/mine/manifest.json");
    assert!(
        manifest.contains(r#""path": "configs/quick.toml""#),
        "nothing names this machine's folders: {manifest}"
    );
    let touched = fs::read_dir(bench.path("paper-figures")).expect("readable").count();
    assert_eq!(touched, 1, "a sample does not take the place of the whole evaluation's figures");
}

#[test]
fn a_finished_run_is_judged_again_without_running_it() {
    let bench = checkout();
    reproduce(&bench, "").assert(2, "");
    let boots = bench.read("pids");
    bench.write("paper-figures/claims/all.toml", &CLAIMS.replace("500.0", "400.0"));
    reproduce(&bench, "").assert(1, "results/mine is complete; nothing is run again");
    assert_eq!(bench.read("pids"), boots);
    assert!(bench.read("results/mine/claims.md").contains("FAILED"));
}

#[test]
fn a_cell_that_failed_is_why_a_claim_was_not_measured() {
    let bench = checkout();
    let done = reproduce(&bench, "kernel-panic");
    done.assert(1, "| not measured | ipc.old.virt.r0: the kernel panicked");
}

#[test]
fn a_figure_that_does_not_suit_the_run_hides_neither_the_others_nor_the_claims() {
    let figure = |id: &str, unit: &str| {
        format!(
            "id = \"{id}\"\ntitle = \"t\"\nkind = \"distribution\"\nexperiment = \"ipc\"\nmetric = \"instructions\"\n\
             x = {{ label = \"cost\", unit = \"{unit}\" }}\ny = {{ label = \"samples\", unit = \"%\" }}\ncaption = \"{{metric}} of {{run}}\"\n"
        )
    };
    let bench = checkout();
    bench.write("paper-figures/a.toml", &figure("a", "seconds"));
    bench.write("paper-figures/b.toml", &figure("b", "instructions"));
    let done = reproduce(&bench, "");
    done.assert(
        3,
        "not drawn: figure a: the horizontal axis is in seconds, but the samples are in instructions",
    );
    done.assert(3, "2 claims: 1 met");
    assert!(bench.path("results/mine/paper-figures/b.png").exists());
    assert!(bench.read("results/mine/report.html").contains("Not drawn: figure a: the horizontal axis"));
}
