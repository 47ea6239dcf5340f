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
