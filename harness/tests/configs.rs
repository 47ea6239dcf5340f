//! The matrices that come with the harness.

use std::fs;
use std::path::Path;

use rel4_harness::bootargs::bootargs;
use rel4_harness::config::{Clock, Matrix};
use rel4_harness::plan::Plan;

fn load(name: &str) -> Matrix {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs");
    Matrix::load(&folder.join(name)).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_matrix_is_valid_and_its_boot_arguments_fit() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs");
    for entry in fs::read_dir(folder).expect("there are matrices") {
        let name = entry.expect("readable").file_name();
        // Folders hold what matrices refer to.
        if Path::new(&name).extension() != Some("toml".as_ref()) {
            continue;
        }
        for cell in Plan::new(&load(name.to_str().expect("text"))).cells {
            bootargs(&cell, "00000000").expect("they fit");
        }
    }
}

#[test]
fn the_quick_matrix_repeats_its_icount_cells() {
    let matrix = load("quick.toml");
    let uses_icount =
        |platforms: &[String]| platforms.iter().any(|name| matrix.platforms[name].clock == Clock::Icount);
    let mut experiments = matrix.experiments.iter().filter(|experiment| uses_icount(&experiment.platforms));
    assert!(experiments.all(|experiment| experiment.repeats >= 2));
}

#[test]
fn the_evaluation_covers_what_the_quick_matrix_shows() {
    let evaluation = load("eval.toml");
    for experiment in load("quick.toml").experiments {
        assert!(evaluation.experiments.iter().any(|other| other.id == experiment.id), "{}", experiment.id);
    }
}

#[test]
fn the_evaluation_has_every_experiment_of_the_other_matrices() {
    let evaluation = load("eval.toml");
    for name in [
        "ablations.toml",
        "bench.toml",
        "ipc.toml",
        "load.toml",
        "model.toml",
        "notification.toml",
        "stages.toml",
        "syscall.toml",
        "tcp.toml",
    ] {
        for experiment in load(name).experiments {
            // Those that only make another one's point again, in other words.
            if ["ipc-unit", "tcp-sync-all", "tcp-async-all"].contains(&experiment.id.as_str()) {
                continue;
            }
            let found = evaluation.experiments.iter().find(|other| other.id == experiment.id);
            let found = found.unwrap_or_else(|| panic!("{name}: {} is missing", experiment.id));
            assert_eq!(
                (&found.sweep, found.repeats),
                (&experiment.sweep, experiment.repeats),
                "{name}: {}",
                experiment.id
            );
            for (parameter, value) in &experiment.fixed {
                assert_eq!(found.fixed.get(parameter), Some(value), "{name}: {}: {parameter}", experiment.id);
            }
        }
    }
}

#[test]
fn a_kernel_of_one_name_is_the_same_in_every_matrix() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs");
    let evaluation = load("eval.toml");
    for entry in fs::read_dir(folder).expect("there are matrices") {
        let name = entry.expect("readable").file_name();
        if Path::new(&name).extension() != Some("toml".as_ref()) {
            continue;
        }
        for (kernel, definition) in load(name.to_str().expect("text")).kernels {
            if let Some(other) = evaluation.kernels.get(&kernel) {
                assert_eq!(definition.source, other.source, "{}: {kernel}", name.display());
            }
        }
    }
}
