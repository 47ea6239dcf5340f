//! Which thread runs.

mod priorities;
mod suspension;

use core::sync::atomic::{AtomicU64, Ordering};

use crate::test::{Need, Test, basic};

pub(super) const TESTS: &[Test] = &[
    basic("SCHED0000", "a suspended thread stands still until it is resumed", suspension::standing_still)
        .needing(Need::Timer),
    basic("SCHED0002", "resuming oneself changes nothing", suspension::resume_self),
    basic("SCHED0003", "a time slice ends, and who is resumed preempts", suspension::others),
    basic("SCHED0004", "every thread runs before all below it", priorities::all_in_order),
    basic("SCHED0005", "priorities change at once, within the bound that only falls", priorities::changes),
    basic("SCHED0006", "messages wake by priority, and queues are first in, first out", priorities::messages),
    basic(
        "SCHED0020",
        "raising a thread above the own priority lets it run at once",
        priorities::raise_helper,
    ),
];

/// Steps that the threads of a test have made.
static STEPS: AtomicU64 = AtomicU64::new(0);

/// Checks that the calling thread's turn is step number `expected`, and makes it.
#[track_caller]
fn step(expected: u64) {
    check_eq!(STEPS.fetch_add(1, Ordering::Relaxed), expected);
}
