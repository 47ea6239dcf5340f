//! A folder with a matrix, a board file, keys, and the host's home folder, with a server for it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::Duration;

use rel4_harness::manifest::Manifest;
use russh::keys::ssh_key::LineEnding;

use crate::server::{Server, new_key};

/// A small matrix: one kernel, one board.
const MATRIX: &str = r#"[kernels.old]
image = "old.elf"

[platforms.lab]
kind = "board"
board = "board.toml"
machine = "stand-in"
cpu = "none"
harts = 1
memory_mib = 512
clock = "board"
boot_s = 10
run_s = 2

[workloads.ipc]
program = "ipc-pingpong"
params = { work = 0, rounds = 5, batch = 10, warmup = 1, words = 0, server_hart = 0 }

[[experiments]]
id = "ipc"
workload = "ipc"
kernels = ["old"]
platforms = ["lab"]
"#;

/// What the stand-in for a board runs: it behaves as told, and its process ids end up in a file.
const STAND_IN: &str = "FAKE_QEMU=BEHAVIOUR FAKE_QEMU_PIDS=../pids PROGRAM -serial file:/dev/stdout -append {bootargs} -kernel {image}";

/// The folder, removed when the test ends.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
    pub(crate) server: Server,
}

impl Bench {
    /// With a board that behaves as told.
    pub(crate) fn new(behaviour: &str) -> Self {
        let folder = tempfile::tempdir().expect("temporary directory");
        let home = folder.path().join("home");
        fs::create_dir(&home).expect("writable");
        let key = new_key();
        let server = Server::start(key.public_key(), &home);
        let bench = Self { folder, server };
        let text = key.to_openssh(LineEnding::LF).expect("it has a text");
        bench.write("key", &text);
        fs::set_permissions(bench.path("key"), fs::Permissions::from_mode(0o600)).expect("ours");
        bench.write("known_hosts", &bench.server.known_host());
        bench.write("m.toml", MATRIX);
        bench.write("old.elf", "\x7fELF and more");
        let program = env!("CARGO_BIN_EXE_fake-qemu");
        bench.write_board(&STAND_IN.replace("BEHAVIOUR", behaviour).replace("PROGRAM", program), "");
        bench
    }

    /// Writes the board file with this console, and `more` lines.
    pub(crate) fn write_board(&self, console: &str, more: &str) {
        let (address, console) = (self.server.address, toml::Value::from(console));
        self.write(
            "board.toml",
            &format!(
                "host = \"{}\"\nport = {}\nuser = \"tester\"\nknown_hosts = \"known_hosts\"\nkey = \"key\"\nfolder = \"boards/one\"\n\
                 identify = \"echo a stand-in, 1 hart\"\nconsole = {console}\n{more}\n",
                address.ip(),
                address.port()
            ),
        );
    }

    /// Replaces `old` by `new` in the board file.
    pub(crate) fn change_board(&self, old: &str, new: &str) {
        let text = self.read("board.toml");
        assert!(text.contains(old), "{text}");
        self.write("board.toml", &text.replace(old, new));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("writable");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        let bytes = fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// `harness run`, in this folder, into `run`.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_harness"));
        command.args(["run", "--matrix", "m.toml", "--out", "run"]).current_dir(self.folder.path());
        command
    }

    /// Runs the matrix, which must end with `code` and say `text`.
    #[track_caller]
    pub(crate) fn assert_run(&self, code: i32, text: &str) {
        assert_said(&self.command().output().expect("the harness starts"), code, text);
    }

    pub(crate) fn manifest(&self) -> Manifest {
        Manifest::load(&self.path("run")).expect("readable").expect("there is one")
    }

    /// Waits until the stand-in has started.
    pub(crate) fn wait_for_board(&self) {
        while !self.path("pids").exists() {
            sleep(Duration::from_millis(5));
        }
    }

    /// Asserts that every stand-in ever started ends; the way there is the host's, so it may take a moment.
    #[track_caller]
    pub(crate) fn assert_nothing_left_running(&self) {
        let runs = |pid: &str| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.contains("fake-qemu") && !stat.contains(") Z ")
        };
        let pids = self.read("pids");
        for pid in pids.lines() {
            assert!(
                (0..2000).any(|_| {
                    sleep(Duration::from_millis(5));
                    !runs(pid)
                }),
                "{pid} still runs"
            );
        }
    }
}

#[track_caller]
pub(crate) fn assert_said(output: &Output, code: i32, text: &str) {
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (said(&output.stdout), said(&output.stderr));
    assert!(
        output.status.code() == Some(code) && (stdout.contains(text) || stderr.contains(text)),
        "{}\n--- stdout\n{stdout}--- stderr\n{stderr}",
        output.status
    );
}
