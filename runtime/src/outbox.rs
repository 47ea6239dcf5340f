//! The sending half of a channel's end: a ring, and the bell of the peer that reads it.

use crate::interrupt::Notify;
use crate::item::Item;
use crate::ring::{Full, Producer};
use crate::sync::{Ordering, fence};

/// Items go out at once; the notification, if the peer needs one, goes out once for a batch.
#[derive(Debug)]
pub struct Outbox<'m, N, const CAPACITY: usize> {
    producer: Producer<'m, CAPACITY>,
    peer: N,
    /// Items sent when the peer was last known to be awake.
    flushed: u64,
    notifications: u64,
}

impl<'m, N: Notify, const CAPACITY: usize> Outbox<'m, N, CAPACITY> {
    /// Sends through `producer`, and wakes the reader by `peer`.
    pub const fn new(producer: Producer<'m, CAPACITY>, peer: N) -> Self {
        Self { producer, peer, flushed: 0, notifications: 0 }
    }

    /// Sends `item`.
    ///
    /// # Errors
    ///
    /// [`Full`] if the peer has not made room.
    #[inline(always)]
    pub fn send(&mut self, item: &Item) -> Result<(), Full> {
        self.producer.push(item)
    }

    /// Notifies the peer if it sleeps and something was sent since the last time.
    #[inline(always)]
    pub fn flush(&mut self) {
        if self.flushed == self.producer.produced() {
            return;
        }
        self.flushed = self.producer.produced();
        // The items are visible before we look at the flag: see `flag`.
        fence(Ordering::SeqCst);
        if self.producer.flag().flip_to_awake() {
            self.peer.notify();
            self.notifications += 1;
        }
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
