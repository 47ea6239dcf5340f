//! What the parser makes of whole logs: good ones, and each way in which one goes wrong.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use rel4_harness::serial::{Event, Monitor, SerialLog, parse};

const RUN: &str = "00c0ffee";

fn golden(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A log as one page of text.
fn describe(log: &SerialLog) -> String {
    let mut page = format!("verdict: {}\n", log.verdict);
    writeln!(page, "firmware: {}", log.firmware.as_deref().unwrap_or("-")).expect("a string");
    for record in &log.records {
        writeln!(page, "record {} {} at {}: {:?}", record.seq, record.kind, record.place, record.fields)
            .expect("a string");
    }
    for problem in &log.problems {
        writeln!(page, "problem at {problem}").expect("a string");
    }
    if log.tests.started {
        writeln!(page, "{:#?}", log.tests).expect("a string");
    }
    page
}

fn events(bytes: &[u8]) -> Vec<Event> {
    Monitor::new(RUN).push(bytes)
}

macro_rules! golden_logs {
    ($($test:ident: $log:literal,)*) => {$(
        #[test]
        fn $test() {
            let bytes = golden($log);
            let page = format!("{}events: {:#?}\n", describe(&parse(&bytes, Some(RUN))), events(&bytes));
            insta::assert_snapshot!(stringify!($test), page);
        }
    )*};
}

golden_logs! {
    a_good_run_is_complete: "good.log",
    a_kernel_that_panics_at_boot_is_named: "panic-at-boot.log",
    a_loader_that_panics_is_named: "loader-panic.log",
    a_fault_without_a_handler_is_named: "unhandled-fault.log",
    a_hang_before_user_space_is_told_from_one_after: "hang-before-user-space.log",
    a_hang_in_the_workload_names_the_last_record: "hang-in-workload.log",
    a_silent_boot_proves_nothing: "silent.log",
    a_record_cut_by_the_end_of_the_log_is_damaged: "cut-in-a-record.log",
    interleaved_records_are_damaged_and_the_others_kept: "interleaved.log",
    lost_records_are_numbered: "lost-records.log",
    a_changed_byte_costs_its_record: "changed-byte.log",
    a_repeated_record_counts_once: "repeated.log",
    the_records_of_a_second_boot_do_not_count: "guest-restarted.log",
    records_of_another_run_do_not_count: "another-run.log",
    records_after_the_end_do_not_count: "after-the-end.log",
    an_end_record_with_a_wrong_count_spoils_the_run: "wrong-count.log",
    a_failed_check_of_the_workload_is_a_failure: "workload-failed.log",
    a_panic_in_the_middle_of_a_record_is_found: "panic-in-a-record.log",
    upstreams_passed_suite_is_complete: "upstream-passed.log",
    upstreams_failed_suite_names_tests_and_checks: "upstream-failed.log",
    upstreams_suite_that_hangs_names_the_test: "upstream-hangs.log",
}
