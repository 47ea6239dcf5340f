//! How a dispatcher finds work and how it sleeps.
//!
//! Interrupts stay masked from the last look at rings and flags until the wait returns, and a wait returns at once if
//! something is pending: a sender that saw us asleep has raised an interrupt which either the last look or the wait
//! finds.

use rel4_abi::uintr::MAX_IDENTITY;

use crate::interrupt::{Identity, Interrupts};
use crate::sync::{Ordering, fence};
use crate::trace::tracepoint;

/// Where work comes from besides interrupts: ends of channels, queues of other threads.
pub trait Source {
    /// Wakes the tasks that there is work for. True if there is any. Takes bounded time, whatever a peer does.
    fn look(&self) -> bool;

    /// Notifies the peers that were sent something and sleep.
    fn flush(&self);

    /// Tells the senders that we sleep unless the next look finds something. The caller fences.
    fn announce_asleep(&self);

    /// Tells the senders that we look again before we sleep.
    fn announce_awake(&self);
}

/// Several sources are one.
impl Source for [&dyn Source] {
    fn look(&self) -> bool {
        self.iter().fold(false, |found, source| source.look() | found)
    }

    fn flush(&self) {
        self.iter().for_each(|source| source.flush());
    }

    fn announce_asleep(&self) {
        self.iter().for_each(|source| source.announce_asleep());
    }

    fn announce_awake(&self) {
        self.iter().for_each(|source| source.announce_awake());
    }
}

/// Takes what is pending and looks at `source`. True if there is work. `taken` gets the identities; no more of them
/// than there are, so that a sender which raises one for ever cannot keep us here.
#[inline(always)]
pub fn look<S, I>(source: &S, interrupts: &I, mut taken: impl FnMut(Identity)) -> bool
where
    S: Source + ?Sized,
    I: Interrupts + ?Sized,
{
    tracepoint!(Look);
    let mut found = false;
    for _ in 0..MAX_IDENTITY {
        let Some(identity) = interrupts.claim() else { break };
        taken(identity);
        found = true;
    }
    found |= source.look();
    tracepoint!(Dispatch);
    found
}

/// Sleeps until there may be work; at once if the last look finds some. True if it slept.
pub fn sleep<S, I>(source: &S, interrupts: &I, taken: impl FnMut(Identity)) -> bool
where
    S: Source + ?Sized,
    I: Interrupts + ?Sized,
{
    source.announce_asleep();
    // The announcement is visible before the last look: see `flag`.
    fence(Ordering::SeqCst);
    let found = look(source, interrupts, taken);
    if !found {
        // The word only says that somebody wrote to a ring, and the next look sees that.
        let _word = interrupts.wait();
        tracepoint!(Dispatch);
    }
    source.announce_awake();
    !found
}
