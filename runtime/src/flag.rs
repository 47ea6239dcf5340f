//! The status flag of a direction: "the receiver's dispatcher is awake".
//!
//! The receiver announces that it falls asleep; the first sender that sees it flips the flag back and notifies. All
//! other senders say nothing. Zero, as in new memory, is awake: a receiver looks before it sleeps for the first time.
//!
//! No wake-up is lost because each side writes before it reads, with a full fence between: the receiver announces and
//! then looks at the ring, the sender publishes its item and then looks at the flag. One of the two sees the other.
//! The fences are the callers': one covers all rings of a dispatcher.

use rel4_abi::ring::{ASLEEP, AWAKE};

use crate::sync::{AtomicU64, Ordering};

/// The flag. Both sides may write it, so a lying peer can cost notifications of its own direction and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Flag<'m>(&'m AtomicU64);

impl<'m> Flag<'m> {
    /// The flag in `word`.
    #[must_use]
    pub const fn new(word: &'m AtomicU64) -> Self {
        Self(word)
    }

    /// The receiver will sleep unless it finds something. A full fence and a last look have to follow.
    #[inline(always)]
    pub fn announce_asleep(self) {
        // An exchange, not a store: the model checker orders exchanges of one word among each other, as memory does,
        // but not a plain store with an exchange of another thread.
        self.0.swap(ASLEEP, Ordering::Relaxed);
    }

    /// The receiver is awake and will look again before it sleeps.
    #[inline(always)]
    pub fn announce_awake(self) {
        self.0.store(AWAKE, Ordering::Relaxed);
    }

    /// True if the receiver has not said that it sleeps. It may fall asleep, or wake, at any time.
    #[inline(always)]
    #[must_use]
    pub fn is_awake(self) -> bool {
        self.0.load(Ordering::Relaxed) == AWAKE
    }

    /// Flips the flag to awake. True if it was not: the caller is the one who has to notify. Between the items and
    /// this there has to be a full fence.
    #[inline(always)]
    #[must_use]
    pub fn flip_to_awake(self) -> bool {
        // The load spares the usual case, an awake receiver, the atomic exchange.
        self.0.load(Ordering::Relaxed) != AWAKE && self.0.swap(AWAKE, Ordering::Relaxed) != AWAKE
    }
}
