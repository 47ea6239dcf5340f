//! What one end of the channel did.

use core::sync::atomic::{AtomicU64, Ordering};

use rel4_runtime::channel::Statistics;

use crate::pair::Idler;

/// What one end of the channel did between two moments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counters {
    /// Messages sent.
    pub(super) sent: u64,
    /// Notifications sent.
    pub(super) notifications: u64,
    /// Times it waited in the kernel.
    pub(super) waits: u64,
}

impl Counters {
    /// Words they take.
    pub(super) const WORDS: usize = 3;

    /// What the end with these did since it was made.
    pub(super) fn of(statistics: Statistics, idler: &Idler) -> Self {
        Self { sent: statistics.sent, notifications: statistics.notifications, waits: idler.waits() }
    }

    pub(super) const fn words(self) -> [u64; Self::WORDS] {
        [self.sent, self.notifications, self.waits]
    }

    pub(super) const fn from_words([sent, notifications, waits]: [u64; Self::WORDS]) -> Self {
        Self { sent, notifications, waits }
    }

    /// What was done since `earlier`.
    pub(super) const fn since(self, earlier: Self) -> Self {
        Self {
            sent: self.sent.wrapping_sub(earlier.sent),
            notifications: self.notifications.wrapping_sub(earlier.notifications),
            waits: self.waits.wrapping_sub(earlier.waits),
        }
    }

    /// Puts them at the begin of `memory`.
    pub(super) fn store(self, memory: &[AtomicU64]) {
        for (place, word) in memory.iter().zip(self.words()) {
            place.store(word, Ordering::Relaxed);
        }
    }

    /// Reads [`Counters::store`] back.
    pub(super) fn load(memory: &[AtomicU64]) -> Self {
        Self::from_words(core::array::from_fn(|index| memory[index].load(Ordering::Relaxed)))
    }
}
