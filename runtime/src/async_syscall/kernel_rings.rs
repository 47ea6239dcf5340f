//! This thread's ends of the rings that it shares with the kernel.

use rel4_abi::MessageInfo;

use super::Doorbell;
use super::calls::{Call, Calls};
use crate::channel::{Channel, Statistics};
use crate::ring::{Consumer, Full, Producer};
use crate::sync::{Ordering, fence};

/// The ends, and the doorbell of the hart that is asked to look at the other ones.
#[derive(Debug)]
pub(super) struct KernelRings<'m, const CAPACITY: usize> {
    requests: Producer<'m, CAPACITY>,
    completions: Consumer<'m, CAPACITY>,
    doorbell: Doorbell,
    /// Requests so far.
    requested: u64,
    /// Of these, how many were answered.
    answered: u64,
    /// Of these, how many had been made when the kernel was last known to be awake.
    announced: u64,
    /// At how many requests the kernel is told while further ones are made.
    tell_at: u64,
    notifications: u64,
    violations: u64,
}

impl<'m, const CAPACITY: usize> KernelRings<'m, CAPACITY> {
    pub(super) const fn new(channel: Channel<'m, CAPACITY>, doorbell: Doorbell) -> Self {
        let (requests, completions) = channel.client_ends();
        Self {
            requests,
            completions,
            doorbell,
            requested: 0,
            answered: 0,
            announced: 0,
            tell_at: doorbell.after(0),
            notifications: 0,
            violations: 0,
        }
    }

    /// Writes a request of `count` words. It leaves with the next [`KernelRings::flush`], or before.
    #[inline(always)]
    pub(super) fn request(&mut self, count: usize, word: impl Fn(usize) -> u64) -> Result<(), Full> {
        self.requests.write(count, word)?;
        self.requested += 1;
        if self.requested == self.tell_at {
            // So that another hart works while the rest is being written.
            self.requests.publish();
            self.ring();
        }
        Ok(())
    }

    /// Lets the kernel see what was written, and rings if that is worth it and the kernel sleeps.
    #[inline(always)]
    pub(super) fn flush(&mut self) {
        self.requests.publish();
        if self.announced != self.requested && self.requested >= self.doorbell.after(self.answered) {
            self.ring();
        }
    }

    fn ring(&mut self) {
        self.announced = self.requested;
        self.tell_at = self.doorbell.after(self.requested);
        // The requests are visible before we look at the flag: see `flag`.
        fence(Ordering::SeqCst);
        if self.requests.flag().flip_to_awake() {
            self.doorbell.ring();
            self.notifications += 1;
        }
    }

    /// Gives completions to their calls. True if there were any.
    #[inline(always)]
    pub(super) fn look(&mut self, calls: &Calls<CAPACITY>) -> bool {
        let mut violations = 0;
        let count = self.completions.drain(|[task, tag, words @ ..]| {
            let label = MessageInfo(tag.load(Ordering::Relaxed)).label();
            let words = || core::array::from_fn(|index| words[index].load(Ordering::Relaxed));
            if !calls.complete(task.load(Ordering::Relaxed), label, words) {
                violations += 1;
            }
        });
        self.violations += violations;
        self.answered += count;
        count != 0
    }

    pub(super) fn announce_asleep(&self) {
        self.completions.flag().announce_asleep();
    }

    pub(super) fn announce_awake(&self) {
        self.completions.flag().announce_awake();
    }

    pub(super) const fn statistics(&self) -> Statistics {
        Statistics {
            sent: self.requests.produced(),
            received: self.completions.consumed(),
            notifications: self.notifications,
            violations: self.violations + self.completions.lies(),
        }
    }
}

/// What goes with a request whose completion is for `call`, and its other words.
#[inline(always)]
pub(super) fn with_task(call: Call, word: impl Fn(usize) -> u64) -> impl Fn(usize) -> u64 {
    move |index| if index == 0 { call.task() } else { word(index - 1) }
}
