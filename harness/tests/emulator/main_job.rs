//! `configs/quick.toml`, which is what `./x run` runs.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rel4_harness::manifest::{Manifest, State};
use rel4_harness::run::Outcome;

use crate::bench::{assert_done, harness, possible, text, workspace};

/// The rows of a run's samples that must repeat exactly.
fn instruction_counts(run: &Path) -> BTreeSet<String> {
    let samples = fs::read_to_string(run.join("samples.csv")).expect("there are samples");
    samples.lines().filter(|line| line.contains(",instructions,")).map(str::to_owned).collect()
}

#[test]
fn the_quick_matrix_is_measured_repeats_exactly_and_costs_no_more_than_the_reference() {
    if !possible() {
        return;
    }
    let parent = tempfile::tempdir().expect("temporary directory");
    let runs = ["first", "second"].map(|name| parent.path().join(name));
    for run in &runs {
        assert_done(&harness(workspace(), &["run", "--matrix", "configs/quick.toml", "--out", text(run)]));
        let manifest = Manifest::load(run).expect("readable").expect("there is one");
        assert_eq!(manifest.state, State::Complete);
        assert!(manifest.cells.iter().all(|cell| cell.outcome == Outcome::Measured));
        assert!(manifest.firmware.expect("it names itself").starts_with("OpenSBI"));
    }
    let judged = harness(workspace(), &["gate", "--reference", "results/reference", text(&runs[0])]);
    // 2 where compiler, emulator or firmware are others than the reference's: then the counts say nothing about the sources.
    assert!(matches!(judged.status.code(), Some(0 | 2)), "{}", String::from_utf8_lossy(&judged.stdout));
    let [first, second] = runs.map(|run| instruction_counts(&run));
    assert!(!first.is_empty());
    assert_eq!(first, second);
}
