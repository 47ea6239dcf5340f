//! The memory that sender and receiver share: who is how far.

use core::sync::atomic::{AtomicU64, Ordering};

use rel4_runtime::arch;

use super::settings::Neighbours;

/// Words that say how far the two are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Board<'m> {
    prepared: &'m AtomicU64,
    received: &'m AtomicU64,
}

/// Words of a cache line, so that the two do not share one.
const LINE: usize = 8;

impl<'m> Board<'m> {
    /// Words that it takes.
    pub(super) const WORDS: usize = 2 * LINE;

    /// The board in `words`.
    pub(super) fn new(words: &'m [AtomicU64]) -> Self {
        let [prepared, .., received] = words else { panic!("the root task shares enough") };
        Self { prepared, received }
    }

    /// The receiver is about to wait for the notification of `round`.
    pub(super) fn set_prepared(&self, round: u64) {
        self.prepared.store(round, Ordering::Release);
    }

    /// The receiver has had the notification of `round`.
    pub(super) fn set_received(&self, round: u64) {
        self.received.store(round, Ordering::Release);
    }

    /// Waits until the receiver is about to wait for the notification of `round`.
    pub(super) fn await_prepared(&self, round: u64, neighbours: Neighbours) {
        await_round(self.prepared, round, neighbours);
    }

    /// Waits until the receiver has had the notification of `round`.
    pub(super) fn await_received(&self, round: u64, neighbours: Neighbours) {
        await_round(self.received, round, neighbours);
    }

    /// The last round whose notification was received.
    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Acquire)
    }
}

fn await_round(word: &AtomicU64, round: u64, neighbours: Neighbours) {
    while word.load(Ordering::Acquire) < round {
        step_aside(neighbours);
    }
}

/// Lets the other one go on, if it shares the hart.
#[inline(always)]
pub(super) fn step_aside(neighbours: Neighbours) {
    match neighbours {
        Neighbours::OnOneHart => arch::yield_now(),
        Neighbours::OnTwoHarts => core::hint::spin_loop(),
    }
}
