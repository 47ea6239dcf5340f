//! Nothing is overwritten, nothing is lost, nothing is run twice.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rel4_harness::manifest::{Manifest, State};
use rel4_harness::run::Outcome;

use crate::bench::{Bench, Done, MATRIX};

#[test]
fn a_complete_run_is_not_touched() {
    let bench = Bench::new();
    bench.run("").assert(0, "");
    let before = bench.read("run/manifest.json");
    bench.run("").assert(3, "run holds a complete run and nothing is overwritten");
    assert_eq!(bench.read("run/manifest.json"), before);
}

#[test]
fn a_folder_of_somebody_else_is_not_touched() {
    let bench = Bench::new();
    fs::create_dir(bench.path("run")).expect("writable");
    bench.write("run/thesis.tex", "x");
    bench.run("").assert(3, "run exists and is not a run of this harness");
    assert_eq!(fs::read_dir(bench.path("run")).expect("readable").count(), 1);
}

/// Starts the matrix, sends `signal` while the second cell is under way, and gives what the harness said.
fn stop_in_second_cell(bench: &Bench, signal: Signal) -> std::process::Output {
    let mut command = bench.command("slow", &["run", "--matrix", "m.toml", "--out", "run"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the harness starts");
    let under_way = || fs::read_to_string(bench.path("pids")).unwrap_or_default().lines().count() == 2;
    assert!(
        (0..1000).any(|_| {
            sleep(Duration::from_millis(5));
            under_way()
        }),
        "the second cell never started"
    );
    kill(Pid::from_raw(i32::try_from(child.id()).expect("small")), signal).expect("it runs");
    child.wait_with_output().expect("it ends")
}

#[test]
fn ctrl_c_keeps_what_is_finished_and_the_run_resumes() {
    let bench = Bench::new();
    let done = Done::of(stop_in_second_cell(&bench, Signal::SIGINT));
    done.assert(
        3,
        "interrupted; what is finished is kept; resume with `harness run --matrix m.toml --out run`",
    );
    bench.assert_nothing_left_running();
    let manifest = bench.manifest();
    assert_eq!((manifest.cells.len(), manifest.abandoned.len()), (1, 1));
    assert_eq!(manifest.abandoned[0].outcome, Outcome::Interrupted);
    assert_eq!(bench.read("run/samples.csv").lines().count(), 6);
    assert!(bench.read("run/junit.xml").contains("not run yet"));

    let first_log = bench.read("run/serial/ipc.old.virt.r0.log");
    bench.run("").assert(0, "resuming run: 1 of 2 cells are finished");
    assert_eq!(bench.read("pids").lines().count(), 3, "the finished cell is not run again");
    assert_eq!(bench.read("run/serial/ipc.old.virt.r0.log"), first_log);
    assert_eq!(bench.manifest().state, State::Complete);
    assert_eq!(bench.read("run/samples.csv").lines().count(), 11);
}

#[test]
fn a_killed_harness_leaves_no_emulator_and_a_run_that_resumes() {
    let bench = Bench::new();
    stop_in_second_cell(&bench, Signal::SIGKILL);
    sleep(Duration::from_millis(200));
    bench.assert_nothing_left_running();
    assert_eq!(bench.manifest().cells.len(), 1);
    bench.run("").assert(0, "resuming run: 1 of 2 cells are finished");
    assert!(bench.path("run/serial/abandoned/ipc.old.virt.r1.0.log").exists(), "its log is kept");
}

#[test]
fn an_unfinished_run_of_something_else_is_not_mixed_up() {
    let bench = Bench::new();
    bench.run("die").assert(3, "");
    bench.write("m.toml", &MATRIX.replace("repeats = 2", "repeats = 3"));
    bench.run("").assert(3, "run holds an unfinished run of another matrix");
    bench.write("m.toml", MATRIX);
    let done = bench.harness("", &["run", "--matrix", "m.toml", "--out", "run", "--filter", "*.r0"]);
    done.assert(3, "run holds an unfinished run with another --filter");
}

#[test]
fn a_run_does_not_go_on_with_another_image() {
    let bench = Bench::new();
    bench.run("die").assert(3, "");
    bench.write("old.elf", "\x7fELF and something else");
    bench.run("die").assert(3, "resuming run");
    bench.write("run/images/old.elf", "\x7fELF and something else");
    bench.run("").assert(3, "run/images/old.elf is not the file that the run began with");
}

#[test]
fn two_harnesses_do_not_share_a_run() {
    let bench = Bench::new();
    let mut command = bench.command("slow", &["run", "--matrix", "m.toml", "--out", "run"]);
    let mut first = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the harness starts");
    assert!((0..1000).any(|_| {
        sleep(Duration::from_millis(5));
        bench.path("pids").exists()
    }));
    bench.run("").assert(3, "another harness is using run");
    assert_eq!(first.wait().expect("it ends").code(), Some(0));
}

#[test]
fn results_are_derived_from_the_logs_again() {
    let bench = Bench::new();
    bench.run("").assert(0, "");
    let before = [bench.read("run/samples.csv"), bench.read("run/summary.csv"), bench.read("run/junit.xml")];
    for name in ["samples.csv", "summary.csv", "junit.xml"] {
        fs::remove_file(bench.path("run").join(name)).expect("removable");
    }
    assert_eq!(bench.harness("", &["parse", "run"]).code, 0);
    assert_eq!(
        [bench.read("run/samples.csv"), bench.read("run/summary.csv"), bench.read("run/junit.xml")],
        before
    );
    bench.write("run/serial/ipc.old.virt.r0.log", "");
    bench.harness("", &["parse", "run"]).assert(3, "was complete when ipc.old.virt.r0 was measured");
}

/// Runs the matrix into a disk of `size`, and keeps a copy of it in `kept`. `None` where mount namespaces are not
/// allowed.
fn run_on_small_disk(bench: &Bench, size: &str, behaviour: &str) -> Option<Done> {
    let unshare = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", size]);
        command.current_dir(bench.folder.path());
        command
    };
    fs::create_dir(bench.path("run")).expect("writable");
    let mount = r#"mount -t tmpfs -o size="$1" tmpfs run && shift"#;
    if !unshare(mount).status().is_ok_and(|status| status.success()) {
        eprintln!("skipped: this machine allows no mount namespaces");
        return None;
    }
    let mut command = unshare(&format!(r#"{mount} && "$@"; code=$?; cp -r run kept; exit $code"#));
    let harness = bench.command(behaviour, &["run", "--matrix", "m.toml", "--out", "run"]);
    command.arg(harness.get_program()).args(harness.get_args());
    command.envs(harness.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Some(Done::of(command.output().expect("unshare starts")))
}

#[test]
fn a_disk_that_is_full_from_the_start_is_named() {
    let bench = Bench::new();
    let Some(done) = run_on_small_disk(&bench, "8k", "") else { return };
    done.assert(3, "the disk is full; nothing was measured yet; free some space, then run again");
    assert!(!bench.path("pids").exists());
}

#[test]
fn a_disk_that_is_full_is_noticed_before_a_cell_is_run() {
    let bench = Bench::new();
    let Some(done) = run_on_small_disk(&bench, "1m", "") else { return };
    done.assert(
        3,
        "the disk is full; 0 finished cell(s) are kept; free some space, then resume with `harness run",
    );
    assert!(!bench.path("pids").exists());
    assert!(bench.path("kept/manifest.json").exists());
}

#[test]
fn a_disk_that_fills_up_keeps_what_is_measured() {
    let bench = Bench::new();
    let Some(done) = run_on_small_disk(&bench, "8m", "fills-disk-in-second-boot") else { return };
    done.assert(3, "the disk is full; 1 finished cell(s) are kept");
    bench.assert_nothing_left_running();
    assert_eq!(bench.read("kept/samples.csv").lines().count(), 6);
    let manifest = Manifest::load(&bench.path("kept")).expect("readable").expect("there is one");
    assert_eq!(manifest.cells.len(), 1);
}
