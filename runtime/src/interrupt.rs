//! The hardware seam of the async runtime: how a thread interrupts another one, and how it takes its own interrupts.

use rel4_abi::uintr::{FIRST_QUEUE_IDENTITY, MAX_IDENTITY};

/// Tasks that the hardware ready queue has identities for.
pub const QUEUE_SLOTS: usize = (MAX_IDENTITY - FIRST_QUEUE_IDENTITY + 1) as usize;

/// An interrupt identity, 1 to 255. The lowest pending one is served first.
///
/// Whoever may send to a file at all can raise any of its identities, so one is a hint where to look and never says who
/// sent it: receivers look at the shared ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity(u8);

impl Identity {
    /// Identity number `number`; `None` if there is no such identity.
    #[must_use]
    pub const fn new(number: u64) -> Option<Self> {
        if number == 0 || number > MAX_IDENTITY as u64 { None } else { Some(Self(number as u8)) }
    }

    /// The identity in which the hardware ready queue holds the task in `slot`; `None` if it has none.
    #[must_use]
    pub const fn of_slot(slot: usize) -> Option<Self> {
        if slot < QUEUE_SLOTS { Self::new(FIRST_QUEUE_IDENTITY as u64 + slot as u64) } else { None }
    }

    /// The task that is ready; `None` for an identity of the notification word.
    #[inline(always)]
    #[must_use]
    pub const fn slot(self) -> Option<usize> {
        (self.0 as usize).checked_sub(FIRST_QUEUE_IDENTITY as usize)
    }

    /// Its number.
    #[inline(always)]
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0 as u64
    }
}

/// When a sender to a ring notifies its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// When the reader has said that it sleeps; others are spared.
    ReaderSleeps,
    /// With every item, whatever the reader says.
    EveryItem,
}

/// Interrupts a peer. Everything written before is visible to the peer when it takes the interrupt.
pub trait Notify {
    /// When it is to be used.
    const WHEN: When = When::ReaderSleeps;

    /// Raises the interrupt; without effect if it is pending already.
    fn notify(&self);
}

/// A way to interrupt a peer, to be used with every item that the peer is sent: what a status flag spares, for whoever measures that.
#[derive(Clone, Copy, Debug)]
pub struct EveryItem<N>(pub N);

impl<N: Notify> Notify for EveryItem<N> {
    const WHEN: When = When::EveryItem;

    #[inline(always)]
    fn notify(&self) {
        self.0.notify();
    }
}

/// The interrupts of the calling thread, which runs with interrupts masked: they become pending and stay so until one
/// of these functions takes them.
pub trait Interrupts {
    /// Takes the lowest pending identity, without a trap. Always `None` where notifications come through the kernel.
    fn claim(&self) -> Option<Identity>;

    /// Blocks until an identity is pending, and takes the notification word; identities of the ready queue stay
    /// pending. Returns at once if one was pending before.
    fn wait(&self) -> u64;

    /// Takes the notification word; 0 if none of its identities is pending.
    fn poll(&self) -> u64;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_and_identities_of_the_ready_queue_are_the_same_numbers_shifted() {
        for slot in 0..192 {
            assert_eq!(Identity::of_slot(slot).and_then(Identity::slot), Some(slot));
        }
        assert_eq!(Identity::of_slot(192), None);
    }

    #[test]
    fn identities_of_the_notification_word_are_no_task() {
        for number in 1..u64::from(FIRST_QUEUE_IDENTITY) {
            assert_eq!(Identity::new(number).and_then(Identity::slot), None);
        }
        assert_eq!((Identity::new(0), Identity::new(256)), (None, None));
    }
}
