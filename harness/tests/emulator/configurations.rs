//! Every configuration of the kernel.

use rel4_harness::manifest::CellRecord;

use crate::bench::{Run, possible};

#[test]
fn every_configuration_boots_answers_on_one_hart_and_across_two_and_takes_user_interrupts() {
    if !possible() {
        return;
    }
    let run = Run::measured(include_str!("configurations.toml"), 19);
    // VS-mode is confined by QEMU 10 and not by 7.2; the kernel finds out and says so, and only where it matters.
    let warned = |cell: &CellRecord| !cell.warnings.is_empty();
    let old_emulator = run.manifest.emulators["one"].version.contains("version 7.");
    let cells = &run.manifest.cells;
    assert!(cells.iter().all(|cell| warned(cell) == (old_emulator && !cell.kernel.starts_with("sel4"))));
}
