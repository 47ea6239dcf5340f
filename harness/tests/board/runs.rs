//! A board is measured; one that is busy, breaks down or falls silent is named.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rel4_harness::run::Outcome;

use crate::bench::{Bench, assert_said};

#[test]
fn a_board_is_measured_and_what_it_is_is_kept() {
    let bench = Bench::new("good");
    bench.assert_run(0, "");
    let manifest = bench.manifest();
    assert_eq!(manifest.emulators["lab"].version, "a stand-in, 1 hart");
    assert_eq!(manifest.cells[0].outcome, Outcome::Measured);
    let image = fs::read(bench.path("home/boards/one/image.elf")).expect("it was uploaded");
    assert_eq!(image, fs::read(bench.path("old.elf")).expect("ours"));
    assert!(!bench.path("home/boards/one/image.elf.part").exists());
    let log = bench.read(&format!("run/{}", manifest.cells[0].serial.display()));
    assert!(log.starts_with("OpenSBI v1.1\r\n"), "the raw log is as it came: {log}");
    let samples = bench.read("run/samples.csv");
    // The stand-in says 5000 instructions and 700 ticks of 100 ns for 10 calls, of which 10 instructions are overhead.
    assert!(
        samples.contains(",instructions,instructions,0,499\n") && samples.contains(",time,ns,0,7000\n"),
        "{samples}"
    );
    bench.assert_nothing_left_running();
}

#[test]
fn reset_comes_after_the_console_and_off_at_the_end() {
    let bench = Bench::new("good");
    let console = "echo console >> order; while ! test -e go; do sleep 0.02; done; FAKE_QEMU=good \
                   FAKE_QEMU_PIDS=../pids PROGRAM -serial file:/dev/stdout -append {bootargs} -kernel {image}";
    bench.write_board(
        &console.replace("PROGRAM", env!("CARGO_BIN_EXE_fake-qemu")),
        "reset = \"while ! test -e order; do sleep 0.02; done; echo reset {image} >> order; touch go\"\noff = \"echo off >> order\"",
    );
    bench.assert_run(0, "");
    assert_eq!(bench.read("home/order"), "console\nreset boards/one/image.elf\noff\n");
    bench.assert_nothing_left_running();
}

#[test]
fn a_board_that_somebody_else_uses_is_waited_for() {
    let bench = Bench::new("good");
    fs::create_dir_all(bench.path("home/boards/one")).expect("writable");
    let hold = |seconds: &str| {
        let mut holder = Command::new("flock");
        holder.arg("--no-fork").arg(bench.path("home/boards/one/lock")).args(["sh", "-c"]);
        holder.arg(format!("echo held; exec sleep {seconds}")).stdout(Stdio::piped());
        let mut holder = holder.spawn().expect("flock starts");
        // It says so when it has it.
        std::io::Read::read_exact(holder.stdout.as_mut().expect("piped"), &mut [0; 5]).expect("it is held");
        holder
    };
    bench.write("home/boards/one/holder", "ada from 10.0.0.1\n");
    bench.change_board("key = \"key\"\n", "key = \"key\"\nlock_wait_s = 0\n");
    let mut holder = hold("100");
    bench.assert_run(3, "by ada from 10.0.0.1");
    holder.kill().expect("it runs");
    holder.wait().expect("it ends");

    bench.change_board("lock_wait_s = 0", "lock_wait_s = 60");
    let mut holder = hold("0.3");
    bench.assert_run(0, "");
    holder.wait().expect("it ends");
    assert!(bench.read("home/boards/one/holder").contains(" since "), "the new holder says who it is");
}

#[test]
fn a_host_that_drops_off_in_the_middle_is_named_and_the_run_can_be_resumed() {
    let mut bench = Bench::new("run-hang");
    bench.write("m.toml", &bench.read("m.toml").replace("run_s = 2", "run_s = 600"));
    let run =
        bench.command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the harness starts");
    bench.wait_for_board();
    sleep(Duration::from_millis(300));
    bench.server.cut_power();
    assert_said(&run.wait_with_output().expect("it ends"), 3, "the connection to the board's host is lost");
    assert!(bench.manifest().cells.is_empty(), "the cell is not finished");
    assert_eq!(bench.manifest().abandoned.len(), 1);
    bench.assert_nothing_left_running();
}

#[test]
fn a_board_that_hangs_is_turned_off_when_its_time_is_up() {
    let bench = Bench::new("run-hang");
    bench.assert_run(1, "user space was reached but not the end within 2 s");
    bench.assert_nothing_left_running();
}

#[test]
fn a_console_that_ends_by_itself_is_told_with_its_last_words() {
    let bench = Bench::new("good");
    bench.write_board("echo no such device: {image} >&2; exit 7", "");
    bench.assert_run(3, "the console's program ended with 7: no such device: boards/one/image.elf");
}

#[test]
fn a_reset_that_fails_is_told_with_its_last_words() {
    let bench = Bench::new("good");
    bench.write_board("cat {image}; sleep 100", "reset = \"echo relay is stuck >&2; exit 9\"");
    bench.assert_run(3, "ended with 9: relay is stuck");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let bench = Bench::new("good");
    bench.write("home/boards", "a file where the folder should be");
    bench.assert_run(3, "cannot lock the board in `boards/one`");
}

#[test]
fn boot_arguments_cannot_break_out_of_their_quotes() {
    let bench = Bench::new("good");
    bench.write_board("printf %s {bootargs} > said; sh -c 'exit 3' {image}", "");
    bench.assert_run(3, "ended with 3");
    let said = bench.read("home/said");
    assert!(
        said.starts_with("run=") && said.contains(" workload=ipc-pingpong ") && said.len() == 256,
        "{said:?}"
    );
}
