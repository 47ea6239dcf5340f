//! Figures against those counted by hand.

use rel4_costmodel::counters::Counter;
use rel4_costmodel::report::Report;
use rel4_markers::{Marker, Role};

use crate::machine::{Run, counter, emulator, stage};

#[test]
fn runs_of_known_length_have_their_length() {
    let Some(emulator) = emulator() else { return };
    let report = emulator.run(&Run::new("loops", 1));
    let points: Vec<_> =
        report.markers[..2].iter().map(|row| (row.clock, row.figures.kernel.instructions)).collect();
    assert_eq!(points[0], points[1], "nothing is between two markers, and markers cost nothing");
    let loop_of_two = stage(&report, 0, 1);
    assert_eq!((loop_of_two.instructions(), loop_of_two.cycles()), (1 + 2 * 1000, 1 + 3 * 1000));
    assert_eq!(stage(&report, 0, 2).instructions(), 100);
    assert_eq!(stage(&report, 0, 3).instructions(), 15);
    assert_eq!(stage(&report, 0, 4).instructions(), 2 * 20);
    assert_eq!(stage(&report, 0, 5).instructions(), 1 + 3 * 100);
}

#[test]
fn lines_of_code_are_fetched_once() {
    let Some(emulator) = emulator() else { return };
    let report = emulator.run(&Run::new("loops", 1));
    // 15 instructions of 5 and 33 cycles, and at most two lines that were not there before.
    let misses = stage(&report, 0, 3).cycles() - (10 * 5 + 5 * 33);
    assert!(misses == 100 || misses == 200, "{misses}");
    // 100 nops of 4 bytes lie in 6 or 7 lines, of which one was begun before.
    let misses = stage(&report, 0, 2).cycles() - 100;
    assert!(misses == 600 || misses == 700, "{misses}");
}

#[test]
fn traps_are_counted_by_cause_and_cost_what_they_cost() {
    let Some(emulator) = emulator() else { return };
    let report = emulator.run(&Run::new("traps", 1));
    for (what, expected) in [
        (Counter::SystemCalls, 50),
        (Counter::Breakpoints, 100 + 2),
        (Counter::MemoryFaults, 50 + 50),
        // The illegal instruction, and the fetch that faults.
        (Counter::OtherTraps, 2),
        // One more to start the user program, none after the last trap.
        (Counter::Returns, 100 + 50 + 1 + 50 + 50 + 2 + 1),
        (Counter::UntranslatedAccesses, 0),
    ] {
        assert_eq!(counter(&report, 0, what), expected, "{}", what.name());
    }
    // Three instructions in the loop, seven in the handler.
    let breakpoints = stage(&report, 0, 1);
    assert_eq!((breakpoints.instructions(), breakpoints.traps()), (100 * (3 + 7), 100));
    // Seven of the eight in the loop count: the load that faults does not.
    let faults = stage(&report, 0, 2);
    assert_eq!((faults.instructions(), faults.traps()), (50 * (7 + 7), 50));
}

#[test]
fn a_trap_in_the_middle_of_a_block_charges_what_was_executed_alone() {
    let Some(emulator) = emulator() else { return };
    let report = emulator.run(&Run::new("traps", 1));
    let faults = stage(&report, 0, 2);
    // Loop: 4 arithmetic, 2 stores, 1 branch of 2 cycles. Handler: entry 13, 3 CSR accesses of 7, 2 arithmetic,
    // 1 branch of 2, return 17.
    let once = 4 + 2 + 2 + 13 + 3 * 7 + 2 + 2 + 17;
    let misses = faults.cycles() - 50 * once;
    // The stores' line and page, and a line or two of code.
    assert!((100 + 25..=300 + 25).contains(&misses), "{misses}");
}

#[test]
fn user_code_is_told_from_the_kernel() {
    let Some(emulator) = emulator() else { return };
    let report = emulator.run(&Run::new("traps", 1));
    // 1 + 50 * 3 for the calls; 3 or 4 to load the addresses; 50 * 3 of the four, as one of them faults; 2 breakpoints;
    // the illegal instruction; 2 before the fetch that faults.
    let user = stage(&report, 0, 3).user_instructions();
    assert_eq!(user, counter(&report, 0, Counter::UserInstructions));
    assert_eq!(user, 1 + 50 * 3 + 1 + 2 + 2 + 50 * 3 + 2 + 1 + 2 - 1);
}

/// Cycles between two points `index` of hart 0, from the first to the second and so on.
fn between_points(report: &Report, index: u32) -> Vec<u64> {
    let points: Vec<_> =
        report.markers.iter().filter(|row| row.marker == Marker::new(Role::Point, index)).collect();
    points.windows(2).map(|pair| pair[1].figures.kernel.cycles - pair[0].figures.kernel.cycles).collect()
}

#[test]
fn sweeps_miss_when_they_do_not_fit() {
    let Some(emulator) = emulator() else { return };
    let report = emulator.run(&Run::new("caches", 1));
    // 128 lines of two pages: each misses once. A pass is 128 times load, two additions and a branch, and 5 more.
    let pass = 2 + 128 * (3 + 1 + 1 + 2) + 1 + 1 + 2;
    let sweeps = between_points(&report, 10);
    assert_eq!(sweeps[1..], [pass, pass]);
    let misses = sweeps[0] - pass;
    assert!((128 * 100 + 2 * 25..=131 * 100 + 2 * 25).contains(&misses), "{misses}");
    // 2048 lines, four times the cache. The first pass finds the 128 of the sweeps before, and their two pages; the
    // second finds nothing in the first level, but all in the second, and all 32 pages in the TLB. One line of code is
    // new to the first.
    let large = between_points(&report, 11);
    assert_eq!(large[0] - large[1], (2048 - 128) * 100 + 30 * 25 + 100 - 2048 * 20);
}

#[test]
fn device_registers_are_counted_and_not_cached() {
    let Some(emulator) = emulator() else { return };
    let report = emulator.run(&Run::new("caches", 1));
    assert_eq!(counter(&report, 0, Counter::DeviceStores), 10);
    assert_eq!(counter(&report, 0, Counter::DeviceLoads), 5);
    let misses = stage(&report, 0, 1).cycles() - (10 * (60 + 1) + 5 * (80 + 3));
    assert!(misses.is_multiple_of(100) && misses <= 200, "lines of code: {misses}");
}

#[test]
fn atomic_operations_count_once_and_an_sc_that_fails_too() {
    let Some(emulator) = emulator() else { return };
    let report = emulator.run(&Run::new("caches", 1));
    assert_eq!(stage(&report, 0, 2).instructions(), 4 + 1 + 2 + 1);
    let fences = stage(&report, 0, 3);
    assert_eq!(fences.instructions(), 5);
    assert_eq!(stage(&report, 0, 5).instructions(), 2 + 4, "the call is two instructions");
}

#[test]
fn code_and_data_of_one_line_are_one_line_of_the_shared_cache() {
    let Some(emulator) = emulator() else { return };
    let report = emulator.run(&Run::new("caches", 1));
    let points: Vec<_> =
        report.markers.iter().filter(|row| row.marker == Marker::new(Role::Point, 12)).collect();
    // The load itself, and a miss of the first level that the second level has; its page was used by nobody.
    assert_eq!(points[1].figures.kernel.cycles - points[0].figures.kernel.cycles, 3 + 20 + 25);
}

#[test]
fn interrupts_of_a_user_program_stay_out_of_the_kernel() {
    let Some(emulator) = emulator() else { return };
    let report = emulator.run(&Run::new("user_interrupts", 1));
    for (what, expected) in [
        (Counter::UserInterrupts, 20),
        (Counter::UserReturns, 20),
        (Counter::DeviceStores, 20),
        (Counter::SystemCalls, 1),
        (Counter::OtherTraps, 0),
        (Counter::Returns, 1),
    ] {
        assert_eq!(counter(&report, 0, what), expected, "{}", what.name());
    }
    // Four instructions a round at least, one of them the wait; three in the handler.
    assert!(stage(&report, 0, 1).instructions() >= 20 * (5 + 3));
}

#[test]
fn harts_pass_values_and_wake_each_other() {
    let Some(emulator) = emulator() else { return };
    let report = emulator.run(&Run::new("two_harts", 2));
    for (hart, sent) in [(0, 200), (1, 100)] {
        assert_eq!(counter(&report, hart, Counter::DeviceStores), sent, "interrupts sent by hart {hart}");
        // Each round of the first stage moves two lines.
        assert!(counter(&report, hart, Counter::Transfers) >= 200, "transfers of hart {hart}");
    }
    // A hart that sleeps is woken by the other; one that computes is interrupted.
    assert_eq!(counter(&report, 1, Counter::OtherTraps), 100);
    assert!(counter(&report, 1, Counter::IdleCycles) > 0);
    assert_eq!(stage(&report, 0, 4).traps(), 0);
    // A round trip by memory is two transfers at least.
    assert!(stage(&report, 0, 1).cycles() >= 100 * 2 * 40);
}

#[test]
fn four_harts_lose_no_addition() {
    let Some(emulator) = emulator() else { return };
    let report = emulator.run(&Run::new("four_harts", 4));
    assert_eq!(report.harts.len(), 4);
    for hart in 0..4 {
        assert!(stage(&report, hart, 1).instructions() >= 50 * 9, "hart {hart}");
    }
}
