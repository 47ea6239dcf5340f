//! Kernels built elsewhere.

use std::fs;

use crate::bench::{Run, assert_done, harness, possible, text, workspace};

#[test]
fn a_kernel_built_elsewhere_runs_our_root_task_and_one_that_is_absent_is_skipped_by_name() {
    if !possible() {
        return;
    }
    assert_done(&harness(workspace(), &["build", "--matrix", "configs/quick.toml", "--kernel", "sel4"]));
    let folder = tempfile::tempdir().expect("temporary directory");
    let elsewhere = folder.path().join("kernel.elf");
    let built = workspace().join("target/guest/sel4/riscv64imac-unknown-none-elf/guest/rel4-kernel");
    fs::copy(built, &elsewhere).expect("the kernel was built");
    let run = Run::measured(&include_str!("elsewhere.toml").replace("ELSEWHERE", text(&elsewhere)), 1);
    assert_eq!(run.manifest.skipped.len(), 1);
    assert!(run.stdout.contains("ipc.absent.virt.r0: skipped: there is no kernel"), "{}", run.stdout);
    let report = fs::read_to_string(run.path("junit.xml")).expect("there is one");
    assert!(report.contains("<skipped message=\"there is no kernel"), "{report}");
}
