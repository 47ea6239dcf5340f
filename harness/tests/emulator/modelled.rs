//! Cells under the cost model.

use crate::bench::{Run, possible, text, workspace};

/// The matrix with the preset of this name.
fn matrix(preset: &str) -> String {
    let preset = workspace().join("configs/costmodel").join(preset);
    include_str!("modelled.toml").replace("PRESET", text(&preset))
}

#[test]
fn modelled_cycles_repeat_on_one_hart_and_across_two_and_their_stages_add_up() {
    if !possible() {
        return;
    }
    // A second repeat whose report differed in a byte from the first would not count as measured.
    let run = Run::measured(&matrix("u54.toml"), 22);
    let samples = run.samples();
    for kernel in ["sel4", "vs"] {
        let total = |metric: &str| sum(&samples, &format!("one,{kernel},"), metric);
        let stages = ["cycles_user", "cycles_trap_entry", "cycles_kernel", "cycles_return"].map(total);
        assert!(stages.iter().all(|&cycles| cycles > 0.0));
        assert_eq!(stages.iter().sum::<f64>(), total("cycles"));
    }
    // The check lets its handler take one interrupt, in each of two repeats; whoever waits for the interrupts of rings takes them
    // without a handler.
    for (experiment, handled) in [("unotification,", 2.0), ("async,", 0.0)] {
        for counter in ["run_hart0_user_interrupts", "run_hart0_user_returns"] {
            assert_eq!(sum(&samples, experiment, counter), handled, "{experiment} {counter}");
        }
    }
}

/// The sum of a metric over the rows that begin with `cell`.
fn sum(samples: &[String], cell: &str, metric: &str) -> f64 {
    let rows = samples.iter().filter(|row| row.starts_with(cell));
    let columns = rows.map(|row| row.rsplit(',').collect::<Vec<_>>());
    let of_metric = columns.filter(|columns| columns[3] == metric);
    of_metric.map(|columns| columns[0].parse::<f64>().expect("a number")).sum()
}

#[test]
fn a_modelled_boot_that_makes_no_progress_is_repeated_once_and_counted() {
    if !possible() {
        return;
    }
    // More than a second's work, and no second repeat.
    let endless =
        matrix("unit.toml").replace("rounds = 100,", "rounds = 100000,").replace("run_s = 60", "run_s = 1");
    let run = Run::ending(1, &endless, &["--filter", "one.sel4.*.r0"]);
    assert!(run.manifest.cells[0].outcome.is_timeout());
    assert_eq!(run.manifest.abandoned.len(), 1);
    assert!(run.path(&run.manifest.abandoned[0].serial).exists(), "the log of the first attempt is kept");
    assert!(run.stdout.contains("1 boot(s) under the cost model made no progress"), "{}", run.stdout);
}
