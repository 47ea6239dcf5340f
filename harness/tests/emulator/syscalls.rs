//! Asynchronous system calls end to end.

use crate::bench::{Run, possible};

/// Kernel entries of the caller's hart, by what they are called in the samples, but for ticks.
const ENTRIES: [&str; 7] = [
    "measured_hart0_system_calls",
    "measured_hart0_breakpoints",
    "measured_hart0_memory_faults",
    "measured_hart0_hart_interrupts",
    "measured_hart0_device_interrupts",
    "measured_hart0_file_interrupts",
    "measured_hart0_other_traps",
];

#[test]
fn requests_of_every_kind_do_what_they_should_and_enter_the_kernel_on_no_hart_that_has_a_helper() {
    if !possible() {
        return;
    }
    // The workloads check every answer, and that the pages they asked for are there.
    let run = Run::measured(include_str!("syscalls.toml"), 16);
    let rows = run.samples();
    let count = |call: &str, counter: &str| -> f64 {
        let of_counter = |row: &&String| {
            row.starts_with("two,")
                && row.contains(&format!("call={call};"))
                && row.contains(&format!(",{counter},"))
        };
        let mut found = rows.iter().filter(of_counter);
        let value = found.next().and_then(|row| row.rsplit(',').next()?.parse().ok());
        assert!(found.next().is_none(), "{call}, {counter}: one value a run");
        value.unwrap_or_else(|| panic!("{call}, {counter}: no value"))
    };
    for call in ["null", "refused", "signal", "capability", "object"] {
        for counter in ENTRIES {
            assert_eq!(count(call, counter), 0.0, "{call}: {counter}");
        }
        let instructions = count(call, "measured_hart1_kernel_instructions");
        assert!(instructions > 100_000.0, "{call}: the work was done by the other hart");
    }
    // Of pages the other hart has this one forget translations, once a batch and no more.
    let asked = count("page", "measured_hart0_hart_interrupts");
    assert!(asked > 0.0 && asked <= CALLS / TOGETHER, "{asked} times");
    for counter in ENTRIES.into_iter().filter(|counter| !counter.contains("hart_interrupts")) {
        assert_eq!(count("page", counter), 0.0, "page: {counter}");
    }
}

/// Calls of a run between the first sample and the last.
const CALLS: f64 = 10.0 * 128.0;
const TOGETHER: f64 = 16.0;
