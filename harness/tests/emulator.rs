//! The main job on the real emulator. Skipped by name where there is no emulator or no compiler for the guests, except
//! in CI, where both must be there.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use rel4_harness::manifest::{CellRecord, Manifest, State};
use rel4_harness::platform::qemu;
use rel4_harness::run::Outcome;
use rel4_harness::toolchain::GuestToolchain;

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the harness is in a workspace")
}

/// Whether this machine can do it.
fn possible() -> bool {
    let lack = match (qemu::probe(Path::new("qemu-system-riscv64")), GuestToolchain::detect()) {
        (Ok(_), Ok(_)) => return true,
        (Err(error), _) => error.to_string(),
        (_, Err(error)) => error.to_string(),
    };
    assert!(env::var_os("CI").is_none(), "CI must not skip this test: {lack}");
    eprintln!("skipped: {lack}");
    false
}

fn harness(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_harness"));
    command.args(arguments).current_dir(folder).output().expect("the harness starts")
}

#[track_caller]
fn assert_done(output: &Output) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
}

/// The rows of a run's samples that must repeat exactly.
fn instruction_counts(run: &Path) -> BTreeSet<String> {
    let samples = fs::read_to_string(run.join("samples.csv")).expect("there are samples");
    samples.lines().filter(|line| line.contains(",instructions,")).map(str::to_owned).collect()
}

#[test]
fn the_quick_matrix_is_measured_repeats_exactly_and_costs_no_more_than_the_reference() {
    if !possible() {
        return;
    }
    let parent = tempfile::tempdir().expect("temporary directory");
    let runs = ["first", "second"].map(|name| parent.path().join(name));
    for run in &runs {
        let out = run.to_str().expect("a path of this test");
        assert_done(&harness(workspace(), &["run", "--matrix", "configs/quick.toml", "--out", out]));
        let manifest = Manifest::load(run).expect("readable").expect("there is one");
        assert_eq!(manifest.state, State::Complete);
        assert!(manifest.cells.iter().all(|cell| cell.outcome == Outcome::Measured));
        assert!(manifest.firmware.expect("it names itself").starts_with("OpenSBI"));
    }
    let judged = harness(
        workspace(),
        &["gate", "--reference", "results/reference", runs[0].to_str().expect("a path of this test")],
    );
    // 2 where compiler, emulator or firmware are others than the reference's: then the counts say nothing about the sources.
    assert!(matches!(judged.status.code(), Some(0 | 2)), "{}", String::from_utf8_lossy(&judged.stdout));
    let [first, second] = runs.map(|run| instruction_counts(&run));
    assert!(!first.is_empty());
    assert_eq!(first, second);
}

#[test]
fn every_configuration_boots_answers_on_one_hart_and_across_two_and_takes_user_interrupts() {
    if !possible() {
        return;
    }
    let folder = tempfile::tempdir().expect("temporary directory");
    let (matrix, run) = (folder.path().join("configurations.toml"), folder.path().join("run"));
    fs::write(&matrix, CONFIGURATIONS).expect("writable");
    let path = |path: &Path| path.to_str().expect("a path of this test").to_owned();
    assert_done(&harness(workspace(), &["run", "--matrix", &path(&matrix), "--out", &path(&run)]));
    let manifest = Manifest::load(&run).expect("readable").expect("there is one");
    assert_eq!(manifest.cells.len(), 12);
    assert!(manifest.cells.iter().all(|cell| cell.outcome == Outcome::Measured));
    // VS-mode is confined by QEMU 10 and not by 7.2; the kernel finds out and says so, and only where it matters.
    let warned = |cell: &CellRecord| !cell.warnings.is_empty();
    let old_emulator = manifest.emulators["one"].version.contains("version 7.");
    assert!(
        manifest.cells.iter().all(|cell| warned(cell) == (old_emulator && cell.kernel.starts_with("vs")))
    );
}

const CONFIGURATIONS: &str = r#"
    [kernels]
    sel4 = { features = ["sync-ipc"], debug = true }
    sel4-smp = { features = ["sync-ipc", "smp"], debug = true, settings = { max_harts = 2 } }
    vs = { features = ["sync-ipc", "uintr"], debug = true }
    vs-smp = { features = ["sync-ipc", "uintr", "smp"], debug = true, settings = { max_harts = 2 } }

    [platforms.plic]
    kind = "qemu"
    machine = "virt"
    cpu = "rv64"
    harts = 1
    memory_mib = 512
    clock = "icount"
    boot_s = 60
    run_s = 60

    [platforms.one]
    kind = "qemu"
    machine = "virt,aia=aplic-imsic,aia-guests=3"
    cpu = "rv64,h=true"
    harts = 1
    memory_mib = 512
    clock = "icount"
    boot_s = 60
    run_s = 60

    [platforms.two]
    kind = "qemu"
    machine = "virt,aia=aplic-imsic,aia-guests=3"
    cpu = "rv64,h=true"
    harts = 2
    memory_mib = 512
    clock = "host"
    boot_s = 60
    run_s = 60

    [workloads.ipc]
    program = "ipc-pingpong"
    params = { rounds = 100, batch = 1, warmup = 100 }

    [[experiments]]
    id = "plic"
    workload = "ipc"
    kernels = ["sel4"]
    platforms = ["plic"]
    params = { words = 4, server_hart = 0 }

    [[experiments]]
    id = "one"
    workload = "ipc"
    kernels = ["sel4", "vs"]
    platforms = ["one"]
    params = { words = 4, server_hart = 0 }

    [[experiments]]
    id = "two"
    workload = "ipc"
    kernels = ["sel4-smp", "vs-smp"]
    platforms = ["two"]
    params = { words = 4 }
    sweep = { server_hart = [0, 1] }

    [workloads.async]
    program = "ipc-async"
    params = { rounds = 20, batch = 32, warmup = 320, words = 4, concurrency = 8 }

    [[experiments]]
    id = "async"
    workload = "async"
    kernels = ["vs"]
    platforms = ["one"]
    params = { server_hart = 0 }
    sweep = { backend = ["uintr", "kernel"] }

    [[experiments]]
    id = "async-smp"
    workload = "async"
    kernels = ["vs-smp"]
    platforms = ["two"]
    params = { server_hart = 1, backend = "uintr" }

    [workloads.unotification]
    program = "unotification-check"

    [[experiments]]
    id = "unotification"
    workload = "unotification"
    kernels = ["vs"]
    platforms = ["one"]

    [[experiments]]
    id = "unotification-smp"
    workload = "unotification"
    kernels = ["vs-smp"]
    platforms = ["two"]
"#;

#[test]
fn guests_that_go_wrong_are_told_apart() {
    if !possible() {
        return;
    }
    let folder = tempfile::tempdir().expect("temporary directory");
    let (matrix, run) = (folder.path().join("misbehave.toml"), folder.path().join("run"));
    fs::write(&matrix, MISBEHAVE).expect("writable");
    let path = |path: &Path| path.to_str().expect("a path of this test").to_owned();
    let output = harness(workspace(), &["run", "--matrix", &path(&matrix), "--out", &path(&run)]);
    assert_eq!(output.status.code(), Some(1));
    let manifest = Manifest::load(&run).expect("readable").expect("there is one");
    let outcome = |who, how| {
        let id = format!("e.debug.virt.how-{how}.who-{who}.r0");
        &manifest.cell(&id).expect("it ran").outcome
    };
    assert!(matches!(outcome("root", "exception"), Outcome::UnhandledFault(_)));
    assert!(matches!(outcome("child", "exception"), Outcome::Failed(reason) if reason.contains("fault")));
    assert!(matches!(outcome("root", "panic"), Outcome::Failed(reason) if reason.contains("panic")));
    assert!(matches!(outcome("child", "panic"), Outcome::Failed(reason) if reason.contains("panic")));
    assert!(matches!(outcome("root", "silence"), Outcome::RunTimeout(..)));
    assert!(matches!(outcome("child", "silence"), Outcome::RunTimeout(..)));
}

const MISBEHAVE: &str = r#"
    [kernels.debug]
    features = ["sync-ipc"]
    debug = true

    [platforms.virt]
    kind = "qemu"
    machine = "virt,aia=aplic-imsic,aia-guests=3"
    cpu = "rv64,h=true"
    harts = 1
    memory_mib = 512
    clock = "icount"
    boot_s = 60
    run_s = 3

    [workloads.misbehave]
    program = "misbehave"

    [[experiments]]
    id = "e"
    workload = "misbehave"
    kernels = ["debug"]
    platforms = ["virt"]
    sweep = { who = ["root", "child"], how = ["exception", "panic", "silence"] }
"#;

#[test]
fn images_have_the_same_bytes_when_built_in_another_folder() {
    if !possible() {
        return;
    }
    let parent = tempfile::tempdir().expect("temporary directory");
    let copy = parent.path().join("another place");
    for name in ["Cargo.toml", "Cargo.lock", "kernel", "runtime", "workloads", "harness", "configs"] {
        copy_tree(&workspace().join(name), &copy.join(name));
    }
    let images = [workspace(), &copy].map(|folder| {
        assert_done(&harness(folder, &["build", "--kernel", "sel4"]));
        fs::read(folder.join("target/guest/sel4/image.elf")).expect("there is an image")
    });
    assert!(images[0] == images[1], "the images differ");
}

fn copy_tree(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).expect("writable");
        for entry in fs::read_dir(from).expect("readable") {
            let entry = entry.expect("readable");
            copy_tree(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::create_dir_all(to.parent().expect("it is in the copy")).expect("writable");
        fs::copy(from, to).expect("it can be copied");
    }
}

#[test]
fn modelled_cycles_repeat_on_one_hart_and_across_two_and_their_stages_add_up() {
    if !possible() {
        return;
    }
    let folder = tempfile::tempdir().expect("temporary directory");
    let (matrix, run) = (folder.path().join("modelled.toml"), folder.path().join("run"));
    let preset = workspace().join("configs/costmodel/u54.toml");
    let path = |path: &Path| path.to_str().expect("a path of this test").to_owned();
    fs::write(&matrix, MODELLED.replace("PRESET", &path(&preset))).expect("writable");
    assert_done(&harness(workspace(), &["run", "--matrix", &path(&matrix), "--out", &path(&run)]));
    let manifest = Manifest::load(&run).expect("readable").expect("there is one");
    // A second repeat whose report differed in a byte from the first would not count as measured.
    assert_eq!(manifest.cells.len(), 6);
    assert!(manifest.cells.iter().all(|cell| cell.outcome == Outcome::Measured));
    let samples = fs::read_to_string(run.join("samples.csv")).expect("there are samples");
    let total = |metric: &str| {
        let rows = samples
            .lines()
            .filter(|row| row.starts_with("one,") && row.contains(&format!(",{metric},cycles,")));
        rows.map(|row| row.rsplit(',').next().expect("a value").parse::<f64>().expect("a number"))
            .sum::<f64>()
    };
    let stages = ["cycles_user", "cycles_trap_entry", "cycles_kernel", "cycles_return"].map(total);
    assert!(stages.iter().all(|&cycles| cycles > 0.0));
    assert_eq!(stages.iter().sum::<f64>(), total("cycles"));
}

#[test]
fn a_modelled_boot_that_makes_no_progress_is_repeated_once_and_counted() {
    if !possible() {
        return;
    }
    let folder = tempfile::tempdir().expect("temporary directory");
    let (matrix, run) = (folder.path().join("endless.toml"), folder.path().join("run"));
    let preset = workspace().join("configs/costmodel/unit.toml");
    let path = |path: &Path| path.to_str().expect("a path of this test").to_owned();
    // More than a second's work, and no second repeat.
    let endless = MODELLED.replace("rounds = 100,", "rounds = 100000,").replace("run_s = 60", "run_s = 1");
    fs::write(&matrix, endless.replace("PRESET", &path(&preset))).expect("writable");
    let arguments = ["run", "--matrix", &path(&matrix), "--out", &path(&run), "--filter", "one.*.r0"];
    let output = harness(workspace(), &arguments);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let manifest = Manifest::load(&run).expect("readable").expect("there is one");
    assert!(manifest.cells[0].outcome.is_timeout());
    assert_eq!(manifest.abandoned.len(), 1);
    assert!(run.join(&manifest.abandoned[0].serial).exists(), "the log of the first attempt is kept");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("1 boot(s) under the cost model made no progress"), "{said}");
}

const MODELLED: &str = r#"
    [kernels]
    sel4 = { features = ["sync-ipc"] }
    sel4-smp = { features = ["sync-ipc", "smp"], settings = { max_harts = 2 } }

    [platforms.one]
    kind = "qemu"
    machine = "virt,aia=aplic-imsic,aia-guests=3"
    cpu = "rv64,h=true"
    harts = 1
    memory_mib = 512
    clock = "model"
    preset = "PRESET"
    boot_s = 60
    run_s = 60

    [platforms.two]
    kind = "qemu"
    machine = "virt,aia=aplic-imsic,aia-guests=3"
    cpu = "rv64,h=true"
    harts = 2
    memory_mib = 512
    clock = "model"
    preset = "PRESET"
    boot_s = 60
    run_s = 60

    [workloads.ipc]
    program = "ipc-pingpong"
    params = { rounds = 100, batch = 1, warmup = 100, words = 0 }

    [[experiments]]
    id = "one"
    workload = "ipc"
    kernels = ["sel4"]
    platforms = ["one"]
    params = { server_hart = 0 }
    repeats = 2

    [[experiments]]
    id = "two"
    workload = "ipc"
    kernels = ["sel4-smp"]
    platforms = ["two"]
    sweep = { server_hart = [0, 1] }
    repeats = 2
"#;
