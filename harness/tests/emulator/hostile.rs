//! Hostile user threads in VS-mode.

use std::path::Path;

use rel4_harness::platform::qemu;

use crate::bench::{Run, possible};

const MATRIX: &str = include_str!("hostile.toml");
/// QEMU before version 8 lets VS-mode have the register that selects the address space.
const OPEN_ON_OLD_EMULATORS: &str = "    \"address-space-register\",\n";

#[test]
fn a_hostile_thread_gets_at_nothing_and_disturbs_nobody() {
    if !possible() {
        return;
    }
    let emulator = qemu::probe(Path::new("qemu-system-riscv64")).expect("it is there");
    let old = emulator.number < (8, 0);
    if old {
        eprintln!("skipped: attack address-space-register, from which {} does not protect", emulator.text);
    }
    let matrix = if old { MATRIX.replace(OPEN_ON_OLD_EMULATORS, "") } else { MATRIX.to_owned() };
    let attacks = matrix.lines().filter(|line| line.starts_with("    \"")).count();
    assert!(attacks >= 19, "{attacks}");
    Run::measured(&matrix, attacks);
}
