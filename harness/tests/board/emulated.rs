//! The whole way with the real kernel, on a board that is QEMU behind a console command.

use std::path::Path;

use rel4_harness::run::Outcome;

#[path = "../emulator/bench.rs"]
#[allow(dead_code, reason = "the other half of the file is for runs on emulators")]
mod emulator;

use crate::bench::Bench;
use emulator::{possible, workspace};

const MATRIX: &str = include_str!("emulated.toml");
const CONSOLE: &str = "qemu-system-riscv64 -M virt,aia=aplic-imsic,aia-guests=3 -cpu rv64,h=true -m 512M -display none -monitor none \
                       -net none -serial stdio -no-reboot -icount shift=0,sleep=off -kernel {image} -append {bootargs}";

#[test]
fn the_kernel_is_measured_on_a_board_behind_ssh() {
    if !possible() {
        return;
    }
    let bench = Bench::new("unused");
    bench.write_board(CONSOLE, "");
    bench.write("m.toml", MATRIX);
    let out = bench.path("run");
    let matrix = bench.path("m.toml");
    let done = emulator::harness(
        workspace(),
        &["run", "--matrix", emulator::text(&matrix), "--out", emulator::text(Path::new(&out))],
    );
    emulator::assert_done(&done);
    let cells = bench.manifest().cells;
    assert!(cells.iter().all(|cell| cell.outcome == Outcome::Measured) && cells.len() == 2);
    let samples = bench.read("run/samples.csv");
    for metric in ["instructions", "time"] {
        assert!(samples.contains(metric), "{metric} is missing:\n{samples}");
    }
}
