//! Asynchronous calls: none is lost, faults that are planted are found, and nobody who runs enters the kernel.

use rel4_harness::manifest::CellRecord;
use rel4_harness::run::Outcome;

use crate::bench::{Run, possible};

#[test]
fn no_call_is_lost_or_answered_twice_and_planted_faults_are_found_and_named() {
    if !possible() {
        return;
    }
    let run = Run::ending(1, include_str!("soak.toml"), &[]);
    assert_eq!(run.manifest.cells.len(), 16);
    for cell in &run.manifest.cells {
        let CellRecord { id, outcome, .. } = cell;
        let expected = if id.contains("fault-none") {
            assert_eq!(*outcome, Outcome::Measured, "{id}");
            continue;
        } else if id.contains("fault-second-call") {
            "the_server_sees_every_call_once"
        } else {
            "stalled"
        };
        assert!(matches!(outcome, Outcome::Failed(reason) if reason.contains(expected)), "{id}: {outcome}");
    }
}

#[test]
fn between_programs_that_run_user_interrupts_enter_the_kernel_on_no_hart() {
    if !possible() {
        return;
    }
    let run = Run::measured(include_str!("running.toml"), 4);
    let rows = run.samples();
    let total = |backend: &str, counter: &str| -> f64 {
        let of_counter = |row: &&String| {
            row.contains(&format!("backend={backend};"))
                && row.contains(counter)
                && row.contains(",measured_")
        };
        let found: Vec<_> = rows.iter().filter(of_counter).collect();
        assert_eq!(found.len(), 4, "{counter}: two harts, two repeats");
        found
            .iter()
            .map(|row| row.rsplit(',').next().and_then(|v| v.parse::<f64>().ok()).expect("a number"))
            .sum()
    };
    let entries = |backend| -> f64 {
        [
            "_system_calls",
            "_breakpoints",
            "_memory_faults",
            "_hart_interrupts",
            "_device_interrupts",
            "_file_interrupts",
            "_other_traps",
        ]
        .map(|counter| total(backend, counter))
        .iter()
        .sum()
    };
    assert_eq!(entries("uintr"), 0.0);
    assert!(total("uintr", "_user_interrupts") > 1000.0, "programs were interrupted all the same");
    assert!(entries("kernel") > 1000.0, "and the counters count");
}
