//! The gate finds what it has to find, and nothing else.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::bench::{assert_done, copy_of_workspace, harness, possible, text, workspace};

/// A folder with the matrix, and the runs of it.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().expect("temporary directory") };
        let preset = workspace().join("configs/costmodel/u54.toml");
        let matrix = include_str!("gate.toml").replace("PRESET", text(&preset));
        fs::write(bench.folder.path().join("matrix.toml"), matrix).expect("writable");
        bench
    }

    /// Runs the matrix in the checkout `sources`, with more options.
    fn run(&self, sources: &Path, out: &str, options: &[&str]) -> Output {
        let [matrix, out] = ["matrix.toml", out].map(|name| self.folder.path().join(name));
        let mut arguments = vec!["run", "--matrix", text(&matrix), "--out", text(&out)];
        arguments.extend(options);
        harness(sources, &arguments)
    }

    fn path(&self, name: &str) -> String {
        text(&self.folder.path().join(name)).to_owned()
    }
}

/// What delivers a message on the fastpath, and the same with eleven instructions more: a round trip delivers two, so that it takes
/// about 5 % longer.
const DELIVER: &str = "fn deliver(request: &Request, length: usize, badge: u64, receiver: Obj<Tcb>) {\n";
const DELAY: &str = "    for _ in 0..11 {\n        core::hint::spin_loop();\n    }\n";

#[test]
fn a_slow_down_of_five_per_cent_planted_in_the_ipc_path_is_caught_and_named() {
    if !possible() {
        return;
    }
    let bench = Bench::new();
    assert_done(&bench.run(workspace(), "reference", &[]));

    let parent = tempfile::tempdir().expect("temporary directory");
    let slower = copy_of_workspace(&parent.path().join("slower"));
    let source = slower.join("kernel/src/fastpath/mod.rs");
    let fastpath = fs::read_to_string(&source).expect("readable");
    assert!(fastpath.contains(DELIVER), "the place of the delay has changed");
    fs::write(&source, fastpath.replace(DELIVER, &[DELIVER, DELAY].concat())).expect("writable");

    let judged = bench.run(&slower, "slower", &["--gate", &bench.path("reference")]);
    let said = String::from_utf8_lossy(&judged.stdout);
    assert_eq!(judged.status.code(), Some(1), "{said}{}", String::from_utf8_lossy(&judged.stderr));
    assert!(said.contains("gate: regression"), "{said}");
    for row in ["ipc / sel4 / counted / 1 hart", "ipc / sel4 / modelled / 1 hart"] {
        assert!(said.contains(&format!("worse: {row}")), "{row} is named:\n{said}");
    }
    assert!(said.contains(": cycles_kernel; median"), "the stage is named:\n{said}");
    assert!(!said.contains("worse: ipc / sel4-slowpath"), "what has no delay is not:\n{said}");
    let rerun = fs::read_to_string(bench.path("slower/reruns/1/summary.csv")).expect("it was run again");
    assert!(!rerun.contains("sel4-slowpath"), "and only suspects are:\n{rerun}");
}

/// To be run before a release: `cargo test -p rel4-harness --test emulator -- --ignored --nocapture ten_unchanged`.
#[test]
#[ignore = "eleven runs"]
fn ten_unchanged_runs_pass() {
    if !possible() {
        return;
    }
    let bench = Bench::new();
    assert_done(&bench.run(workspace(), "reference", &[]));
    let (reference, history) = (bench.path("reference"), bench.path("history"));
    for index in 0..10 {
        let name = format!("run-{index}");
        assert_done(&bench.run(workspace(), &name, &[]));
        let run = bench.path(&name);
        let arguments = ["gate", "--reference", &reference, &run, "--history", &history, "--remember"];
        let judged = harness(workspace(), &arguments);
        println!("{}", String::from_utf8_lossy(&judged.stdout));
        assert_done(&judged);
    }
}
