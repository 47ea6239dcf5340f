//! Numbers of calls, and samples.

use core::cell::Cell;
use core::sync::atomic::{AtomicU64, Ordering};

use rel4_markers::Stage;
use rel4_runtime::arch;

use crate::ipc_pingpong::results::Results;

const ROUND_TRIP: u32 = Stage::RoundTrip.index();
const OVERHEAD: u32 = Stage::Overhead.index();

/// Where the run is.
pub(crate) enum Step {
    /// The warm-up is over: [`Recorder::begin`] begins the first sample.
    First,
    /// A sample was taken, and the next one has begun.
    Batch,
    /// The last sample was taken, and no more calls are made.
    Last,
}

/// Numbers the calls, and takes a sample after every batch of them.
pub(crate) struct Recorder<'r> {
    results: Results<'r>,
    batch: u64,
    /// The number of the next call.
    next: Cell<u64>,
    /// From this number on no calls are made.
    end: Cell<u64>,
    /// Calls until the next step.
    left: Cell<u64>,
    /// The sample that is being taken; none during the warm-up.
    sample: Cell<Option<usize>>,
    before: Cell<(u64, u64)>,
    differences: Cell<u64>,
}

impl<'r> Recorder<'r> {
    /// Takes samples of `batch` calls each after `warmup` calls.
    pub(crate) fn new(warmup: u64, batch: u64, results: Results<'r>) -> Self {
        Self {
            results,
            batch,
            next: Cell::new(0),
            end: Cell::new(u64::MAX),
            left: Cell::new(warmup),
            sample: Cell::new(None),
            before: Cell::new((0, 0)),
            differences: Cell::new(0),
        }
    }

    /// The number of a call that is to be made, if there is one.
    #[inline(always)]
    pub(crate) fn next_call(&self) -> Option<u64> {
        let number = self.next.get();
        self.next.set(number + 1);
        (number < self.end.get()).then_some(number)
    }

    /// A call is complete, and its answer differed in these bits. True if a [`step`](Recorder::step) is due.
    #[inline(always)]
    pub(crate) fn called(&self, differences: u64) -> bool {
        self.differences.set(self.differences.get() | differences);
        let left = self.left.get().wrapping_sub(1);
        self.left.set(left);
        left == 0
    }

    /// Something other than a call went wrong.
    pub(crate) fn differ(&self) {
        self.differences.set(u64::MAX);
    }

    /// The bits in which answers differed.
    pub(crate) const fn differences(&self) -> u64 {
        self.differences.get()
    }

    /// Takes the step that is due.
    #[inline(never)]
    pub(crate) fn step(&self) -> Step {
        let Some(index) = self.sample.get() else { return Step::First };
        rel4_markers::end::<ROUND_TRIP>();
        let (instructions, ticks) = now();
        let (instructions_before, ticks_before) = self.before.get();
        store(self.results.round_trip_instructions, index, instructions.wrapping_sub(instructions_before));
        store(self.results.round_trip_ticks, index, ticks.wrapping_sub(ticks_before));
        if index + 1 == self.results.round_trip_instructions.len() {
            self.end.set(0);
            return Step::Last;
        }
        self.begin_sample(index + 1);
        Step::Batch
    }

    /// Begins the first sample. What was called since the warm-up does not count.
    pub(crate) fn begin(&self) {
        self.begin_sample(0);
    }

    fn begin_sample(&self, index: usize) {
        self.sample.set(Some(index));
        self.left.set(self.batch);
        self.before.set(now());
        rel4_markers::begin::<ROUND_TRIP>();
    }

    /// What it costs to look at the counters, taken as a sample is.
    pub(crate) fn measure_overhead(&self) {
        for index in 0..self.results.overhead_instructions.len() {
            let before = now();
            rel4_markers::begin::<OVERHEAD>();
            rel4_markers::end::<OVERHEAD>();
            let after = now();
            store(self.results.overhead_instructions, index, after.0.wrapping_sub(before.0));
        }
    }
}

#[inline(always)]
fn now() -> (u64, u64) {
    let ticks = arch::time_ticks();
    (arch::instructions_retired(), ticks)
}

fn store(samples: &[AtomicU64], index: usize, value: u64) {
    if let Some(sample) = samples.get(index) {
        sample.store(value, Ordering::Relaxed);
    }
}
