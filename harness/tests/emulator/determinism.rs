//! The same run again gives the same rows, byte for byte, whatever else the host does.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::bench::{Run, possible, text, workspace};
use crate::load::Load;

/// Runs those cells of the matrix that `filter` lets through, under the preset in `file`; their samples and their summary.
fn rows(file: &Path, filter: &str) -> [Vec<String>; 2] {
    let matrix = include_str!("determinism.toml").replace("PRESET", text(file));
    let run = Run::ending(0, &matrix, &["--filter", filter]);
    ["samples.csv", "summary.csv"].map(|name| {
        let table = fs::read_to_string(run.path(name)).expect("there is one");
        table.lines().map(str::to_owned).collect()
    })
}

fn u54() -> std::path::PathBuf {
    workspace().join("configs/costmodel/u54.toml")
}

#[test]
fn a_run_on_a_busy_host_gives_the_same_rows_on_one_two_and_four_harts() {
    if !possible() {
        return;
    }
    let quiet = rows(&u54(), "*");
    let _load = Load::start();
    assert_eq!(rows(&u54(), "*"), quiet);
}

/// To be run before a release: `cargo test -p rel4-harness --test emulator -- --ignored --nocapture ten_runs`.
#[test]
#[ignore = "ten runs of three cells, half of them on a busy host"]
fn ten_runs_give_the_same_rows_whatever_the_host_does_and_builds() {
    if !possible() {
        return;
    }
    let first = rows(&u54(), "*");
    println!("{} rows of samples, {} rows of summary", first[0].len() - 1, first[1].len() - 1);
    for index in 1..10 {
        let load = (index % 2 == 1).then(Load::start);
        assert_eq!(rows(&u54(), "*"), first, "run {index}");
        println!("run {index}: the same{}", if load.is_some() { ", on a busy host" } else { "" });
        if index == 5 {
            drop(load);
            build_something_else();
        }
    }
}

/// Builds another crate of the workspace from scratch.
fn build_something_else() {
    let target = tempfile::tempdir().expect("temporary directory");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--locked", "-p", "rel4-records", "--target-dir"]).arg(target.path());
    assert!(cargo.current_dir(workspace()).status().expect("cargo runs").success());
}

#[test]
fn other_prices_change_cycles_and_nothing_else_on_one_hart() {
    if !possible() {
        return;
    }
    let folder = tempfile::tempdir().expect("temporary directory");
    let dearer = folder.path().join("dearer.toml");
    let preset = fs::read_to_string(u54()).expect("there is one");
    let changed = preset
        .replace("load = { value = 2,", "load = { value = 9,")
        .replace("entry = { value = 5,", "entry = { value = 50,");
    assert_ne!(changed, preset);
    fs::write(&dearer, changed).expect("writable");
    // Harts that wait for each other wait longer: what they execute meanwhile is another number.
    let of_one_hart = |file: &Path| {
        let [samples, _] = rows(file, "one.*");
        samples.into_iter().skip(1).partition::<Vec<_>, _>(|row| row.contains(",cycles,"))
    };
    let (cheap, dear) = (of_one_hart(&u54()), of_one_hart(&dearer));
    assert_ne!(cheap.0, dear.0, "cycles");
    assert!(!cheap.1.is_empty());
    assert_eq!(cheap.1, dear.1, "everything else");
}
