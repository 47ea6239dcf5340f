//! seL4's test suite.

use std::fs;

use crate::bench::{Run, assert_done, harness, possible, text, workspace};

#[test]
fn every_test_of_the_suite_passes_in_every_configuration() {
    if !possible() {
        return;
    }
    let folder = tempfile::tempdir().expect("temporary directory");
    let run = folder.path().join("run");
    assert_done(&harness(workspace(), &["run", "--matrix", "configs/sel4test.toml", "--out", text(&run)]));
    let tests = fs::read_to_string(run.join("tests.csv")).expect("the suites have results");
    let results: Vec<_> = tests.lines().skip(1).collect();
    assert!(results.len() > 40);
    assert!(results.iter().all(|row| row.contains(",passed,") || row.contains(",disabled,")), "{tests}");
    assert_interrupts_never_wait_long(
        &fs::read_to_string(run.join("samples.csv")).expect("tests have costs"),
    );
}

/// Checks the delays that the suite measured where instructions are the clock. What takes how long is in `docs/kernel.md`.
fn assert_interrupts_never_wait_long(samples: &str) {
    const LONGEST_INSTRUCTIONS: u64 = 50_000;
    let counted = samples.lines().filter(|row| row.starts_with("suite,") && row.contains(".delay,"));
    let delays: Vec<u64> = counted
        .map(|row| row.rsplit(',').next().and_then(|value| value.parse().ok()).expect("ends with a number"))
        .collect();
    assert!(delays.len() >= 16, "both kernels measure eight delays: {samples}");
    assert!(delays.iter().all(|&delay| delay < LONGEST_INSTRUCTIONS), "{delays:?}");
}

#[test]
fn a_root_server_built_elsewhere_runs_on_our_kernel_and_its_tests_are_counted() {
    if !possible() {
        return;
    }
    assert_done(&harness(workspace(), &["build", "--matrix", "configs/sel4test.toml", "--kernel", "sel4"]));
    let folder = tempfile::tempdir().expect("temporary directory");
    let elsewhere = folder.path().join("driver.elf");
    let built = workspace().join("target/guest/shared/riscv64gc-unknown-none-elf/guest/sel4test");
    fs::copy(built, &elsewhere).expect("the root server was built");
    let matrix = include_str!("root_server.toml").replace("ELSEWHERE", text(&elsewhere));
    let run = Run::measured(&matrix, 1);
    let tests = fs::read_to_string(run.path("tests.csv")).expect("the suite has results");
    assert!(tests.lines().filter(|row| row.contains(",passed,")).count() > 40, "{tests}");
}

#[test]
fn a_root_server_that_is_gone_is_named() {
    if !possible() {
        return;
    }
    let folder = tempfile::tempdir().expect("temporary directory");
    let matrix = folder.path().join("matrix.toml");
    fs::write(&matrix, include_str!("root_server.toml").replace("ELSEWHERE", "no/such.elf"))
        .expect("writable");
    let output = harness(workspace(), &["run", "--matrix", text(&matrix)]);
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("no/such.elf") && said.contains("correct `root_server` in the matrix"), "{said}");
}
