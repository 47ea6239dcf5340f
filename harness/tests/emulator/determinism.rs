//! The same run again gives the same rows, byte for byte, whatever else the host does.

use std::fs;
use std::process::Command;

use rel4_costmodel::options::Order;

use crate::bench::{Run, possible, text, workspace};
use crate::load::Load;

/// Runs those cells of the matrix that `filter` lets through; their samples and their summary. Harts take turns by `order`, and `preset`
/// is what is in `configs/costmodel`.
fn rows(preset: &str, order: Order, filter: &str) -> [Vec<String>; 2] {
    let preset = workspace().join("configs/costmodel").join(preset);
    let matrix = include_str!("determinism.toml").replace("PRESET", text(&preset));
    let run = Run::ending(0, &matrix.replace("ORDER", order.name()), &["--filter", filter]);
    ["samples.csv", "summary.csv"].map(|name| {
        let table = fs::read_to_string(run.path(name)).expect("there is one");
        table.lines().map(str::to_owned).collect()
    })
}

/// What a run on a quiet host gives.
fn usual_rows() -> [Vec<String>; 2] {
    rows("u54.toml", Order::Instructions, "*")
}

#[test]
fn a_run_on_a_busy_host_gives_the_same_rows_on_one_two_and_four_harts() {
    if !possible() {
        return;
    }
    let quiet = usual_rows();
    let _load = Load::start();
    assert_eq!(usual_rows(), quiet);
}

#[test]
fn a_run_on_a_busy_host_gives_the_same_rows_where_harts_take_turns_by_cycles() {
    if !possible() {
        return;
    }
    let two_harts = || rows("u54.toml", Order::Cycles, "two.*");
    let quiet = two_harts();
    let _load = Load::start();
    assert_eq!(two_harts(), quiet);
}

/// To be run before a release: `cargo test -p rel4-harness --test emulator -- --ignored --nocapture ten_runs`.
#[test]
#[ignore = "ten runs of three cells, half of them on a busy host"]
fn ten_runs_give_the_same_rows_whatever_the_host_does_and_builds() {
    if !possible() {
        return;
    }
    let first = usual_rows();
    println!("{} rows of samples, {} rows of summary", first[0].len() - 1, first[1].len() - 1);
    for index in 1..10 {
        let load = (index % 2 == 1).then(Load::start);
        assert_eq!(usual_rows(), first, "run {index}");
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

/// The samples of the cells that `filter` lets through: those in cycles, and the counts. Misses are neither: the preset says what caches
/// there are.
fn cycles_and_counts(preset: &str, order: Order, filter: &str) -> [Vec<String>; 2] {
    let [samples, _] = rows(preset, order, filter);
    let unit = |row: &&String| row.rsplit(',').nth(2).expect("a sample has a unit").to_owned();
    ["cycles", "counts"].map(|what| {
        let is_wanted = |row: &&String| match unit(row).as_str() {
            "misses" => false,
            "cycles" => what == "cycles",
            _ => what == "counts",
        };
        samples.iter().skip(1).filter(is_wanted).cloned().collect()
    })
}

#[test]
fn other_prices_change_cycles_and_no_count_on_one_two_and_four_harts() {
    if !possible() {
        return;
    }
    let [unit, u54, rocket] = ["unit.toml", "u54.toml", "rocket-100mhz.toml"]
        .map(|preset| cycles_and_counts(preset, Order::Instructions, "*"));
    for dearer in [u54, rocket] {
        assert_ne!(unit[0], dearer[0], "cycles");
        assert_eq!(unit[1], dearer[1], "counts");
    }
    for harts in ["one,", "two,", "four,"] {
        assert!(unit[1].iter().any(|row| row.starts_with(harts)), "{harts}");
    }
}

#[test]
fn other_prices_change_counts_where_harts_take_turns_by_cycles() {
    if !possible() {
        return;
    }
    let [unit, u54] =
        ["unit.toml", "u54.toml"].map(|preset| cycles_and_counts(preset, Order::Cycles, "two.*"));
    assert_ne!(unit[1], u54[1]);
}
