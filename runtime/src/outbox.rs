//! The sending half of a channel's end: a ring, and the bell of the peer that reads it.

use crate::interrupt::{Notify, When};
use crate::item::Item;
use crate::ring::{Full, Producer};
use crate::sync::{Ordering, fence};
use crate::trace::tracepoint;

/// Items go out at once; a notification, if the peer needs one, goes out with the first item of a batch, and once more after the last
/// if the peer has fallen asleep again. Where the bell says so ([`Notify::WHEN`]), every item is notified instead.
#[derive(Debug)]
pub struct Outbox<'m, N, const CAPACITY: usize> {
    producer: Producer<'m, CAPACITY>,
    peer: N,
    /// Items sent when the peer was last known to be awake.
    flushed: u64,
    batch_has_begun: bool,
    notifications: u64,
}

impl<'m, N: Notify, const CAPACITY: usize> Outbox<'m, N, CAPACITY> {
    /// Sends through `producer`, and wakes the reader by `peer`.
    pub const fn new(producer: Producer<'m, CAPACITY>, peer: N) -> Self {
        Self { producer, peer, flushed: 0, batch_has_begun: false, notifications: 0 }
    }

    /// True if [`Outbox::send`] would find room.
    #[inline(always)]
    #[must_use]
    pub fn has_room(&mut self) -> bool {
        self.producer.has_room()
    }

    /// Sends `item`. With the first one of a batch a peer that sleeps is notified, so that it works while the rest is being sent.
    ///
    /// # Errors
    ///
    /// [`Full`] if the peer has not made room.
    #[inline(always)]
    pub fn send(&mut self, item: &Item) -> Result<(), Full> {
        self.producer.push(item)?;
        self.begin_batch();
        Ok(())
    }

    #[inline(always)]
    fn begin_batch(&mut self) {
        match N::WHEN {
            When::ReaderSleeps if self.batch_has_begun => {}
            When::ReaderSleeps => {
                self.batch_has_begun = true;
                self.notify_sleeper();
            }
            When::EveryItem => {
                self.flushed = self.producer.produced();
                self.notify();
            }
        }
    }

    /// Ends a batch: notifies the peer if it sleeps, or fell asleep again, and something was sent since it was last looked after.
    #[inline(always)]
    pub fn flush(&mut self) {
        tracepoint!(Write);
        self.batch_has_begun = false;
        if self.flushed != self.producer.produced() {
            self.notify_sleeper();
        }
    }

    #[inline(always)]
    fn notify_sleeper(&mut self) {
        self.flushed = self.producer.produced();
        // The items are visible before we look at the flag: see `flag`.
        fence(Ordering::SeqCst);
        if self.producer.flag().flip_to_awake() {
            self.notify();
        }
    }

    #[inline(always)]
    fn notify(&mut self) {
        tracepoint!(Notify);
        self.peer.notify();
        tracepoint!(Write);
        self.notifications += 1;
    }

    /// True if the reader has not said that it sleeps.
    #[inline(always)]
    #[must_use]
    pub fn reader_is_awake(&self) -> bool {
        self.producer.flag().is_awake()
    }

    /// Items sent so far.
    #[must_use]
    pub const fn sent(&self) -> u64 {
        self.producer.produced()
    }

    /// Notifications sent so far.
    #[must_use]
    pub const fn notifications(&self) -> u64 {
        self.notifications
    }
}
