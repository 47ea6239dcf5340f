//! A folder with a matrix and what running it left behind.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use nix::unistd::Pid;
use rel4_harness::manifest::Manifest;
use rel4_harness::platform::qemu;
use rel4_harness::run::Outcome;
use rel4_harness::toolchain::GuestToolchain;

pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the harness is in a workspace")
}

/// A copy of everything in the workspace that a run is made of, in the folder `to`.
pub(crate) fn copy_of_workspace(to: &Path) -> PathBuf {
    let files = ["Cargo.toml", "Cargo.lock"];
    let folders =
        ["kernel", "runtime", "workloads", "harness", "configs", "paper-figures", "results/upstream"];
    for name in files.into_iter().chain(folders) {
        copy_tree(&workspace().join(name), &to.join(name));
    }
    to.to_owned()
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

/// Whether this machine can do it.
pub(crate) fn possible() -> bool {
    let lack = match (qemu::probe(Path::new("qemu-system-riscv64")), GuestToolchain::detect()) {
        (Ok(_), Ok(_)) => return true,
        (Err(error), _) => error.to_string(),
        (_, Err(error)) => error.to_string(),
    };
    assert!(env::var_os("CI").is_none(), "CI must not skip this test: {lack}");
    eprintln!("skipped: {lack}");
    false
}

/// The harness, started in `folder`.
pub(crate) fn harness(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_harness"));
    command.args(arguments).current_dir(folder).output().expect("the harness starts")
}

#[track_caller]
pub(crate) fn assert_done(output: &Output) {
    assert_ended(output, 0);
}

#[track_caller]
fn assert_ended(output: &Output, code: i32) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(output.status.code(), Some(code), "{}{}", text(&output.stdout), text(&output.stderr));
}

/// A path of this test's, as the command line takes it.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("a path of this test")
}

/// The emulator that the harness with this process id has started to run a guest.
fn emulator_of(harness: u32) -> Option<Pid> {
    let children = fs::read_to_string(format!("/proc/{harness}/task/{harness}/children")).ok()?;
    let is_emulator = |pid: &&str| {
        fs::read_to_string(format!("/proc/{pid}/cmdline"))
            .is_ok_and(|line| line.contains("qemu-system") && line.contains("\0-kernel\0"))
    };
    Some(Pid::from_raw(children.split_whitespace().find(is_emulator)?.parse().ok()?))
}

/// A run of a matrix in a folder of its own, removed when the test ends.
pub(crate) struct Run {
    folder: tempfile::TempDir,
    pub(crate) manifest: Manifest,
    /// What the harness said.
    pub(crate) stdout: String,
}

impl Run {
    /// Runs `matrix`, which must end with `code`. `options` go to `harness run`.
    #[track_caller]
    pub(crate) fn ending(code: i32, matrix: &str, options: &[&str]) -> Self {
        Self::of(code, matrix, options, |harness| harness.output().expect("the harness starts"))
    }

    /// Runs `matrix` to its good end, and does something to the first emulator that it starts.
    #[track_caller]
    pub(crate) fn disturbed(matrix: &str, options: &[&str], disturb: impl FnOnce(Pid)) -> Self {
        Self::of(0, matrix, options, |harness| {
            let harness = harness.stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut harness = harness.spawn().expect("the harness starts");
            let emulator = loop {
                if let Some(emulator) = emulator_of(harness.id()) {
                    break emulator;
                }
                assert!(harness.try_wait().expect("known").is_none(), "it ended without an emulator");
                sleep(Duration::from_millis(5));
            };
            disturb(emulator);
            harness.wait_with_output().expect("it ends")
        })
    }

    #[track_caller]
    fn of(code: i32, matrix: &str, options: &[&str], run: impl FnOnce(&mut Command) -> Output) -> Self {
        let folder = tempfile::tempdir().expect("temporary directory");
        let (file, out) = (folder.path().join("matrix.toml"), folder.path().join("run"));
        fs::write(&file, matrix).expect("writable");
        let mut harness = Command::new(env!("CARGO_BIN_EXE_harness"));
        harness.args(["run", "--matrix", text(&file), "--out", text(&out)]).args(options);
        let output = run(harness.current_dir(workspace()));
        assert_ended(&output, code);
        let manifest = Manifest::load(&out).expect("readable").expect("there is one");
        Self { folder, manifest, stdout: String::from_utf8_lossy(&output.stdout).into_owned() }
    }

    /// Runs `matrix`, of which every one of `cells` must be measured.
    #[track_caller]
    pub(crate) fn measured(matrix: &str, cells: usize) -> Self {
        let run = Self::ending(0, matrix, &[]);
        assert_eq!(run.manifest.cells.len(), cells);
        assert!(run.manifest.cells.iter().all(|cell| cell.outcome == Outcome::Measured));
        run
    }

    /// A file or folder of the run directory.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join("run").join(name)
    }

    /// The rows of the run's samples, without the header.
    pub(crate) fn samples(&self) -> Vec<String> {
        let samples = fs::read_to_string(self.path("samples.csv")).expect("there are samples");
        samples.lines().skip(1).map(str::to_owned).collect()
    }
}
