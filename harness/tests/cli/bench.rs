//! A folder with a matrix, an image and a stand-in for QEMU.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rel4_harness::manifest::Manifest;

/// A small matrix: one kernel, one icount platform, two repeats.
pub(crate) const MATRIX: &str = r#"[kernels.old]
image = "old.elf"

[platforms.virt]
kind = "qemu"
machine = "virt"
cpu = "rv64"
harts = 1
memory_mib = 512
clock = "icount"
boot_s = 1
run_s = 1

[workloads.ipc]
program = "ipc-pingpong"
params = { work = 0, rounds = 5, batch = 10, warmup = 1, words = 0, server_hart = 0 }

[[experiments]]
id = "ipc"
workload = "ipc"
kernels = ["old"]
platforms = ["virt"]
repeats = 2
"#;

/// The folder, removed when the test ends.
pub(crate) struct Bench {
    pub(crate) folder: tempfile::TempDir,
}

/// What a command did.
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().expect("temporary directory") };
        bench.write("m.toml", MATRIX);
        bench.write("old.elf", "\x7fELF and more");
        bench
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("writable");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        let bytes = fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The harness, in this folder, with the stand-in behaving as told.
    pub(crate) fn command(&self, behaviour: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_harness"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("REL4_QEMU", env!("CARGO_BIN_EXE_fake-qemu"))
            .env("FAKE_QEMU", behaviour)
            .env("FAKE_QEMU_PIDS", self.path("pids"));
        command
    }

    pub(crate) fn harness(&self, behaviour: &str, arguments: &[&str]) -> Done {
        Done::of(self.command(behaviour, arguments).output().expect("the harness starts"))
    }

    /// Runs the matrix into `run`.
    pub(crate) fn run(&self, behaviour: &str) -> Done {
        self.harness(behaviour, &["run", "--matrix", "m.toml", "--out", "run"])
    }

    pub(crate) fn manifest(&self) -> Manifest {
        Manifest::load(&self.path("run")).expect("readable").expect("there is one")
    }

    /// Asserts that every stand-in ever started is gone.
    pub(crate) fn assert_nothing_left_running(&self) {
        let pids = fs::read_to_string(self.path("pids")).unwrap_or_default();
        for pid in pids.lines() {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            assert!(!stat.contains("fake-qemu") || stat.contains(") Z "), "{pid} still runs: {stat}");
        }
    }
}

impl Done {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().expect("it ended by itself"),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// Asserts the exit code and that `text` was said.
    #[track_caller]
    pub(crate) fn assert(&self, code: i32, text: &str) {
        let Self { code: found, stdout, stderr } = self;
        assert!(
            *found == code && (stdout.contains(text) || stderr.contains(text)),
            "exit code {found}\n--- stdout\n{stdout}--- stderr\n{stderr}"
        );
    }
}
