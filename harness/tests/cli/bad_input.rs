//! What the harness refuses before it does anything: exit code 3 and one line that says what to do.

use crate::bench::{Bench, MATRIX};

#[test]
fn an_unknown_key_is_named_with_line_and_column() {
    let bench = Bench::new();
    bench.write("m.toml", &MATRIX.replace("repeats = 2", "repeat = 2"));
    let done = bench.run("");
    done.assert(3, "harness: m.toml:23:1: unknown key `repeat`; did you mean `repeats`? known: ");
    assert_eq!(done.stderr.lines().count(), 1);
    assert!(!bench.path("run").exists());
}

#[test]
fn a_bad_value_is_named_with_line_and_column() {
    let bench = Bench::new();
    bench.write("m.toml", &MATRIX.replace("clock = \"icount\"", "clock = \"sundial\""));
    bench.run("").assert(3, "m.toml:10:9: unknown clock `sundial`; known: icount, schedule, model, host");
}

#[test]
fn a_matrix_that_is_not_there_is_named() {
    let done = Bench::new().harness("", &["run", "--matrix", "none.toml"]);
    done.assert(3, "none.toml: cannot read the file");
}

#[test]
fn bad_usage_is_exit_code_3_and_help_is_0() {
    let bench = Bench::new();
    bench.harness("", &["frobnicate"]).assert(3, "unrecognized subcommand");
    bench.harness("", &["run"]).assert(3, "--matrix");
    bench.harness("", &[]).assert(3, "Usage");
    for arguments in [&["--help"][..], &["run", "--help"], &["--version"]] {
        assert_eq!(bench.harness("", arguments).code, 0);
    }
}

#[test]
fn a_filter_that_matches_nothing_shows_an_id() {
    let done = Bench::new().harness("", &["run", "--matrix", "m.toml", "--filter", "x.*"]);
    done.assert(3, "no cell matches the filter");
    done.assert(3, "ipc.old.virt.r0");
}

#[test]
fn a_missing_emulator_is_named_before_anything_is_run() {
    let bench = Bench::new();
    let arguments = ["run", "--matrix", "m.toml", "--out", "run"];
    let mut command = bench.command("", &arguments);
    command.env_remove("REL4_QEMU").env("PATH", bench.folder.path());
    let done = crate::bench::Done::of(command.output().expect("the harness starts"));
    done.assert(3, "harness: QEMU is missing: there is no `qemu-system-riscv64`; install");
    assert!(!bench.path("run").exists());
}

#[test]
fn an_emulator_that_is_too_old_or_no_emulator_is_named() {
    let bench = Bench::new();
    bench.run("old").assert(3, "QEMU is too old");
    bench.run("old").assert(3, "is 6.2, but 7.2 or newer is needed");
    bench.run("not-qemu").assert(3, "does not answer like QEMU");
}

#[test]
fn an_image_that_is_not_there_is_named() {
    let bench = Bench::new();
    bench.write("m.toml", &MATRIX.replace("old.elf", "none.elf"));
    bench.run("").assert(3, "cannot read the image none.elf; make it with `harness build`");
}

#[test]
fn a_dry_run_prints_the_plan_and_does_nothing() {
    let bench = Bench::new();
    let done = bench.harness("", &["run", "--matrix", "m.toml", "--out", "run", "--dry-run"]);
    done.assert(0, "");
    assert!(done.stdout.contains("# ipc.old.virt.r1, in run\n"), "{}", done.stdout);
    assert!(done.stdout.contains("-serial file:serial/ipc.old.virt.r1.log"), "{}", done.stdout);
    assert!(
        done.stdout.ends_with("# at most 4 seconds (all limits together), without builds\n"),
        "{}",
        done.stdout
    );
    assert!(!bench.path("run").exists() && !bench.path("pids").exists());
}

#[test]
fn listings_show_what_the_matrix_defines() {
    let bench = Bench::new();
    for (what, expected) in [
        ("kernels", "old: the image old.elf\n"),
        ("platforms", "virt: rv64 on virt, 1 hart(s), 512 MiB, clock icount\n"),
        ("workloads", "  rounds = 5: samples to take\n"),
        ("experiments", "ipc: ipc on old x virt, 2 cell(s)\n"),
    ] {
        let done = bench.harness("", &["list", what, "--matrix", "m.toml"]);
        assert!(done.code == 0 && done.stdout.contains(expected), "{}", done.stdout);
        let all = bench.harness("", &["list", "--matrix", "m.toml"]);
        assert!(all.code == 0 && all.stdout.contains(expected), "{}", all.stdout);
    }
}
