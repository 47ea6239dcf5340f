//! The generator's log: which connection sent or received a message, in the order of its points in time.
//!
//! A point in time is a marker, which the cost model reports with the cycle at which it was reached; the log says what happened there.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::settings::{Told, Work};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A message is handed to the protocol stack.
    Sent,
    /// The last byte of its answer was taken from there.
    Received,
}

/// The log, in memory that the root task reads afterwards: the number of entries, then the entries.
#[derive(Clone, Copy, Debug)]
pub struct Log<'m> {
    length: &'m AtomicU64,
    entries: &'m [AtomicU64],
}

impl<'m> Log<'m> {
    /// Words that the log of a run takes: two for each measured message.
    #[must_use]
    pub const fn words(told: &Told) -> usize {
        match told.work {
            Work::Load { rounds, batch, .. } => 1 + 2 * (rounds * batch) as usize,
            Work::Churn { .. } | Work::Serve { .. } => 1,
        }
    }

    /// The log in `memory`, which has at least one word.
    #[must_use]
    pub fn new(memory: &'m [AtomicU64]) -> Self {
        let (length, entries) = memory.split_first().expect("the root task shares enough");
        Self { length, entries }
    }

    /// Adds an entry. Without room for it the log is over.
    pub(super) fn add(&self, connection: usize, what: What) {
        let length = self.length.load(Ordering::Relaxed);
        if let Some(entry) = self.entries.get(length as usize) {
            let received = u64::from(what == What::Received);
            entry.store((connection as u64) << 1 | received, Ordering::Relaxed);
            self.length.store(length + 1, Ordering::Relaxed);
        }
    }

    /// The entries: twice the connection's number, and one more if a message was received.
    pub fn entries(&self) -> impl Iterator<Item = u64> {
        let length = self.length.load(Ordering::Relaxed) as usize;
        self.entries.iter().take(length).map(|entry| entry.load(Ordering::Relaxed))
    }
}
