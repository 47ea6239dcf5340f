//! Cells under the cost model.

use nix::sys::signal::{Signal, kill};
use rel4_harness::digest;
use rel4_harness::run::Outcome;

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
    for model in run.manifest.models.values() {
        for file in [&model.plugin, model.preset.as_ref().expect("the model has one")] {
            digest::verify(&run.path(&file.path), &file.sha256).expect("the manifest says what was used");
        }
    }
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
fn an_emulator_that_stands_still_is_ended_and_its_cell_measured_all_the_same() {
    if !possible() {
        return;
    }
    let impatient = matrix("unit.toml").replace("run_s = 60", "run_s = 60\nstall_s = 2");
    let run = Run::disturbed(&impatient, &["--filter", "one.sel4.*.r0"], |emulator| {
        kill(emulator, Signal::SIGSTOP).expect("it runs");
    });
    let [cell] = &run.manifest.cells[..] else { panic!("{:?}", run.manifest.cells) };
    assert_eq!((&cell.outcome, cell.retries), (&Outcome::Measured, 1));
    let [attempt] = &run.manifest.abandoned[..] else { panic!("{:?}", run.manifest.abandoned) };
    assert!(attempt.outcome.is_stall(), "{}", attempt.outcome);
    assert!(run.stdout.contains("1 boot(s) stood still and were repeated; 0 of them"), "{}", run.stdout);
}
