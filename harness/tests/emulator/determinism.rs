//! The same run again gives the same rows, byte for byte, whatever else the host does.

use std::fs;
use std::process::Command;
use std::sync::OnceLock;

use crate::bench::{Run, possible, text, workspace};
use crate::load::Load;

/// The lines of the samples and of their summary.
type Tables = [Vec<String>; 2];

/// How harts take turns.
#[derive(Clone, Copy)]
enum Order {
    /// By instructions.
    Instructions,
    /// By the cycles of the preset that prices.
    Cycles,
    /// By the cycles of `u54`.
    CyclesOfU54,
}

/// The preset called `name`.
fn preset(name: &str) -> String {
    text(&workspace().join("configs/costmodel").join(name)).to_owned()
}

/// Runs those cells of the matrix that `filter` lets through.
fn rows(priced_by: &str, order: Order, filter: &str) -> Tables {
    let order = match order {
        Order::Instructions => "order = \"instructions\"".to_owned(),
        Order::Cycles => "order = \"cycles\"".to_owned(),
        Order::CyclesOfU54 => format!("order = \"cycles\"\norder_preset = \"{}\"", preset("u54.toml")),
    };
    let matrix =
        include_str!("determinism.toml").replace("PRESET", &preset(priced_by)).replace("ORDER", &order);
    let run = Run::ending(0, &matrix, &["--filter", filter]);
    ["samples.csv", "summary.csv"].map(|name| {
        let table = fs::read_to_string(run.path(name)).expect("there is one");
        table.lines().map(str::to_owned).collect()
    })
}

/// What a run of all cells under `u54` gives.
fn usual_rows() -> Tables {
    rows("u54.toml", Order::Instructions, "*")
}

/// What the first such run gave, on a host that no test here kept busy on purpose.
fn first_rows() -> &'static Tables {
    static FIRST: OnceLock<Tables> = OnceLock::new();
    FIRST.get_or_init(usual_rows)
}

/// What the first run of two harts that take turns by cycles gave, likewise.
fn first_rows_by_cycles() -> &'static Tables {
    static FIRST: OnceLock<Tables> = OnceLock::new();
    FIRST.get_or_init(|| rows("u54.toml", Order::Cycles, "two.*"))
}

#[test]
fn a_run_on_a_busy_host_gives_the_same_rows_on_one_two_and_four_harts() {
    if !possible() {
        return;
    }
    let first = first_rows();
    let _load = Load::start();
    assert_eq!(usual_rows(), *first);
}

#[test]
fn a_run_on_a_busy_host_gives_the_same_rows_where_harts_take_turns_by_cycles() {
    if !possible() {
        return;
    }
    let first = first_rows_by_cycles();
    let _load = Load::start();
    assert_eq!(rows("u54.toml", Order::Cycles, "two.*"), *first);
}

/// To be run before a release: `cargo test -p rel4-harness --test emulator -- --ignored --nocapture ten_runs`.
#[test]
#[ignore = "ten runs of three cells, half of them on a busy host"]
fn ten_runs_give_the_same_rows_whatever_the_host_does_and_builds() {
    if !possible() {
        return;
    }
    let first = first_rows();
    println!("{} rows of samples, {} rows of summary", first[0].len() - 1, first[1].len() - 1);
    for index in 1..10 {
        let load = (index % 2 == 1).then(Load::start);
        assert_eq!(usual_rows(), *first, "run {index}");
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

/// The samples in `tables`: those in cycles, and the counts. Misses are neither: the preset says what caches there are.
fn cycles_and_counts([samples, _]: &Tables) -> [Vec<String>; 2] {
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
    let [unit, rocket] = ["unit.toml", "rocket-100mhz.toml"]
        .map(|preset| cycles_and_counts(&rows(preset, Order::Instructions, "*")));
    for dearer in [cycles_and_counts(first_rows()), rocket] {
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
    let [_, unit] = cycles_and_counts(&rows("unit.toml", Order::Cycles, "two.*"));
    let [_, u54] = cycles_and_counts(first_rows_by_cycles());
    assert_ne!(unit, u54);
}

#[test]
fn other_prices_change_no_count_where_harts_take_turns_by_the_cycles_of_one_preset() {
    if !possible() {
        return;
    }
    let [_, u54] = cycles_and_counts(first_rows_by_cycles());
    for other in ["unit.toml", "rocket-100mhz.toml"] {
        let [_, counts] = cycles_and_counts(&rows(other, Order::CyclesOfU54, "two.*"));
        assert_eq!(counts, u54, "{other}");
    }
}
