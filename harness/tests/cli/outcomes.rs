//! What a guest can do, and what the harness makes of it.

use rel4_harness::manifest::{Manifest, State};
use rel4_harness::run::Outcome;

use crate::bench::{Bench, MATRIX};

/// Runs the matrix with a misbehaving guest: the exit code, the one line for each cell, and that the log is kept.
#[track_caller]
fn check(behaviour: &str, code: i32, message: &str) -> Bench {
    let bench = Bench::new();
    let done = bench.run(behaviour);
    done.assert(code, message);
    bench.assert_nothing_left_running();
    assert!(bench.read("run/serial/ipc.old.virt.r0.log").starts_with("OpenSBI"), "the raw log is kept");
    assert_eq!(bench.manifest().cells.len(), 2, "one bad cell does not stop the others");
    assert!(bench.read("run/junit.xml").contains("ipc.old.virt.r1"));
    bench
}

#[test]
fn a_good_run_gives_all_results() {
    let bench = Bench::new();
    let done = bench.run("");
    done.assert(0, "[2/2] ipc.old.virt.r1: measured");
    bench.assert_nothing_left_running();
    let manifest = bench.manifest();
    assert_eq!(manifest.state, State::Complete);
    assert!(manifest.cells.iter().all(|cell| cell.outcome == Outcome::Measured));
    assert_eq!(manifest.firmware.as_deref(), Some("OpenSBI v1.1"));
    assert!(manifest.cells[0].command.contains(&"-icount".to_owned()));
    let hashes = [&manifest.matrix.sha256, manifest.emulators["virt"].sha256.as_ref().expect("it is a file")];
    assert!(hashes.iter().all(|hash| hash.len() == 64));
    // (5000 - 10) / 10 instructions, five samples in each of two repeats.
    assert!(
        done.stdout.contains("instructions median 499 instructions [499, 499], n = 10"),
        "{}",
        done.stdout
    );
    assert_eq!(bench.read("run/samples.csv").lines().count(), 11);
    assert_eq!(bench.read("run/summary.csv").lines().count(), 2);
    assert!(bench.read("run/junit.xml").contains(r#"tests="2""#));
    assert_eq!(bench.read("run/matrix.toml"), bench.read("m.toml"));
}

#[test]
fn repeats_on_a_clock_that_repeats_are_started_alike_to_the_letter() {
    let bench = Bench::new();
    bench.run("").assert(0, "2 measured");
    let ids: Vec<String> = bench.manifest().cells.into_iter().map(|cell| cell.run_id).collect();
    assert_eq!(
        ids[0], ids[1],
        "firmware and guest read the id, and may take another number of instructions for another"
    );
    bench.write("m.toml", &MATRIX.replace("icount", "host"));
    bench.harness("", &["run", "--matrix", "m.toml", "--out", "timed"]);
    let timed = Manifest::load(&bench.path("timed")).expect("readable").expect("there is one");
    assert_ne!(timed.cells[0].run_id, timed.cells[1].run_id, "elsewhere each boot has an id of its own");
}

#[test]
fn a_kernel_that_panics_at_boot_is_named() {
    check("kernel-panic", 1, "the kernel panicked: hart=0 src/boot.rs:12: no memory");
}

#[test]
fn a_loader_that_panics_is_named() {
    check("loader-panic", 1, "the loader panicked: overlap");
}

#[test]
fn a_kernel_that_hangs_before_user_space_is_named() {
    check("boot-hang", 1, "no record within 1 s of power-on, so user space was not reached");
}

#[test]
fn a_workload_that_hangs_is_told_from_a_kernel_that_does() {
    check("run-hang", 1, "user space was reached but not the end within 1 s");
}

/// A bench whose machines may not stand still for more than a second.
fn impatient() -> Bench {
    let bench = Bench::new();
    bench.write("m.toml", &MATRIX.replace("boot_s = 1\nrun_s = 1", "boot_s = 60\nrun_s = 60\nstall_s = 1"));
    bench
}

#[test]
fn a_machine_that_stands_still_once_is_booted_again_and_measured() {
    let bench = impatient();
    bench.run("stall-once").assert(0, "1 boot(s) stood still and were repeated; 0 of them stood still again");
    bench.assert_nothing_left_running();
    let manifest = bench.manifest();
    assert_eq!(manifest.cells.iter().map(|cell| cell.retries).collect::<Vec<_>>(), [1, 0]);
    assert_eq!(manifest.abandoned.len(), 1);
    assert!(bench.path("run").join(&manifest.abandoned[0].serial).exists(), "its log is kept");
    assert!(bench.read("run/junit.xml").contains("flakyError"), "{}", bench.read("run/junit.xml"));
}

#[test]
fn a_machine_that_stands_still_again_is_given_up() {
    let bench = impatient();
    let done = bench.run("stall");
    done.assert(1, "the machine stood still for 1 s, twice: no serial output and no progress");
    done.assert(1, "2 boot(s) stood still and were repeated; 2 of them stood still again");
    assert_eq!(bench.manifest().abandoned.len(), 2);
}

#[test]
fn a_root_task_that_faults_is_named() {
    check("fault", 1, "a thread faulted and nobody handles its faults: pc=0x10000");
}

#[test]
fn a_check_that_does_not_hold_is_named() {
    check("fail", 1, "the workload failed: what=reply-differs");
}

#[test]
fn a_guest_that_powers_off_too_early_is_named() {
    check("power-off", 1, "the guest powered off or reset before it was done");
}

#[test]
fn a_guest_that_ran_with_other_parameters_is_named() {
    check("deaf", 1, "the cell has words=0, but the guest ran with 3");
}

#[test]
fn a_log_cut_in_the_middle_of_a_record_proves_nothing() {
    check("cut", 2, "the log is damaged and proves nothing");
}

#[test]
fn interleaved_records_prove_nothing() {
    check("interleaved", 2, "the log is damaged and proves nothing");
}

#[test]
fn garbage_that_looks_like_records_proves_nothing() {
    check("garbage", 2, "the log is damaged and proves nothing");
}

#[test]
fn counts_that_differ_between_repeats_are_a_failure() {
    let bench = Bench::new();
    bench
        .run("unsteady")
        .assert(1, "instruction counts differ between repeats: against ipc.old.virt.r0, round_trip 0");
    assert_eq!(bench.read("run/samples.csv").lines().count(), 11, "the samples are kept all the same");
}

#[test]
fn an_emulator_that_dies_leaves_cells_to_resume() {
    let bench = Bench::new();
    let done = bench.run("die");
    done.assert(
        3,
        "the emulator or the way to the board broke down (exit code 1: qemu: could not allocate memory)",
    );
    done.assert(3, "resume with `harness run --matrix m.toml --out run`");
    let manifest = bench.manifest();
    assert_eq!((manifest.cells.len(), manifest.abandoned.len()), (0, 2));
    assert!(bench.path("run").join(&manifest.abandoned[0].serial).exists(), "its log is kept");
    bench.run("").assert(0, "resuming run: 0 of 2 cells are finished");
}

#[test]
fn a_log_is_judged_by_itself_too() {
    let bench = Bench::new();
    bench.run("").assert(0, "");
    let log = "run/serial/ipc.old.virt.r0.log";
    let done = bench.harness("", &["parse", log]);
    assert_eq!((done.code, done.stdout.as_str()), (0, format!("{log}: 5 records, complete\n").as_str()));
    let text = bench.read(log);
    bench.write("cut.log", &text[..text.len() - 10]);
    assert_eq!(bench.harness("", &["parse", "cut.log"]).code, 2);
    bench.write("panic.log", "@kernel-panic hart=0 x\n");
    assert_eq!(bench.harness("", &["parse", "panic.log"]).code, 1);
    bench.harness("", &["parse", "none.log"]).assert(3, "cannot read none.log");
}

#[test]
fn every_run_leaves_a_page_and_what_a_guest_writes_stays_text_in_it() {
    let bench = check("markup", 1, "the kernel panicked: </code><script>alert(1)</script>");
    let page = bench.read("run/report.html");
    assert!(!page.contains("<script"));
    assert!(page.contains("&lt;/code&gt;&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
    let done = bench.harness("", &["report", "run", "--out", "again.html"]);
    done.assert(0, "again.html");
    assert_eq!(bench.read("again.html"), page);
}
