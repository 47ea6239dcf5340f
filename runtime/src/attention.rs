//! Sleeping late: a dispatcher that looks again while looking is cheaper than sleeping.

use core::cell::Cell;

use crate::arch;
use crate::dispatch::Source;
use crate::interrupt::{Identity, Interrupts};

/// What lets the peer go on between two looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// Nothing has to: it has a hart of its own.
    Spin,
    /// Yield: it shares the hart, and the priority.
    Yield,
}

impl Pause {
    /// Looks in vain, one after the other, with this between them, that cost about as much as to fall asleep and to be woken.
    const fn patience(self) -> u32 {
        match self {
            Self::Spin => 64,
            Self::Yield => 2,
        }
    }

    /// Looks in vain after which a peer is not waited for either that says that it is at work: it may be dead, or lie. Beside so long a
    /// wait it costs next to nothing to fall asleep and to be woken.
    const fn trust(self) -> u32 {
        64 * self.patience()
    }

    fn take(self) {
        match self {
            Self::Spin => core::hint::spin_loop(),
            Self::Yield => arch::yield_now(),
        }
    }
}

/// One end of a channel, which knows whether the other one is at work for it.
pub trait End: Source {
    /// Whether a peer that says that it runs owes this end something. It may be dead meanwhile, or lie.
    fn is_being_served(&self) -> bool;
}

/// An end and the interrupts of its thread. Before it says that it sleeps it looks again, as long as its patience lasts, or, if the peer
/// serves it, its trust; only what it finds renews them. While it has not said so it does not block either, so that no wake-up is lost: as
/// source and as interrupts of a dispatcher there has to be the same one.
#[derive(Debug)]
pub struct Attentive<'e, E, I> {
    end: &'e E,
    interrupts: &'e I,
    pause: Pause,
    /// Looks in vain since the last that found something.
    in_vain: Cell<u32>,
    is_asleep: Cell<bool>,
}

impl<'e, E, I> Attentive<'e, E, I> {
    /// Attends to `end`, in a thread that takes `interrupts`, with `pause` between two looks in vain.
    #[must_use]
    pub const fn new(end: &'e E, interrupts: &'e I, pause: Pause) -> Self {
        Self { end, interrupts, pause, in_vain: Cell::new(0), is_asleep: Cell::new(false) }
    }
}

impl<E: End, I> Source for Attentive<'_, E, I> {
    #[inline(always)]
    fn look(&self) -> bool {
        let found = self.end.look();
        self.in_vain.set(if found { 0 } else { self.in_vain.get().saturating_add(1) });
        found
    }

    #[inline(always)]
    fn flush(&self) {
        self.end.flush();
    }

    #[inline(always)]
    fn announce_asleep(&self) {
        let in_vain = self.in_vain.get();
        let sleeps =
            in_vain > self.pause.patience() && (in_vain > self.pause.trust() || !self.end.is_being_served());
        self.is_asleep.set(sleeps);
        if sleeps {
            self.end.announce_asleep();
        }
    }

    #[inline(always)]
    fn announce_awake(&self) {
        if self.is_asleep.replace(false) {
            self.end.announce_awake();
        }
    }
}

impl<E, I: Interrupts> Interrupts for Attentive<'_, E, I> {
    #[inline(always)]
    fn claim(&self) -> Option<Identity> {
        self.interrupts.claim()
    }

    fn wait(&self) -> u64 {
        if self.is_asleep.get() {
            return self.interrupts.wait();
        }
        self.pause.take();
        0
    }

    fn poll(&self) -> u64 {
        self.interrupts.poll()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An end whose peer does as it is told, and the thread's interrupts.
    #[derive(Default)]
    struct Scripted {
        is_being_served: Cell<bool>,
        has_items: Cell<bool>,
        announced: Cell<u32>,
        waits: Cell<u32>,
    }

    impl Source for Scripted {
        fn look(&self) -> bool {
            self.has_items.get()
        }

        fn flush(&self) {}

        fn announce_asleep(&self) {
            self.announced.set(self.announced.get() + 1);
        }

        fn announce_awake(&self) {}
    }

    impl End for Scripted {
        fn is_being_served(&self) -> bool {
            self.is_being_served.get()
        }
    }

    impl Interrupts for Scripted {
        fn claim(&self) -> Option<Identity> {
            None
        }

        fn wait(&self) -> u64 {
            assert!(self.announced.get() > self.waits.get(), "blocks only after it said so");
            self.waits.set(self.waits.get() + 1);
            0
        }

        fn poll(&self) -> u64 {
            0
        }
    }

    /// Falls asleep so many times, as a dispatcher does.
    fn idle(attentive: &Attentive<'_, Scripted, Scripted>, times: u32) {
        for _ in 0..times {
            attentive.announce_asleep();
            if !attentive.look() {
                attentive.wait();
            }
            attentive.announce_awake();
        }
    }

    #[test]
    fn it_sleeps_when_its_patience_is_over_and_not_before() {
        let end = Scripted::default();
        let attentive = Attentive::new(&end, &end, Pause::Spin);
        idle(&attentive, Pause::Spin.patience());
        assert_eq!(end.waits.get(), 0);
        idle(&attentive, 2);
        assert_eq!((end.announced.get(), end.waits.get()), (1, 1));
        end.has_items.set(true);
        idle(&attentive, 1);
        end.has_items.set(false);
        idle(&attentive, Pause::Spin.patience());
        assert_eq!(end.waits.get(), 1, "it found something, and is patient again");
    }

    #[test]
    fn a_peer_that_says_for_ever_that_it_is_at_work_is_not_waited_for_for_ever() {
        let end = Scripted::default();
        end.is_being_served.set(true);
        let attentive = Attentive::new(&end, &end, Pause::Spin);
        idle(&attentive, Pause::Spin.trust() + 1);
        assert_eq!(end.waits.get(), 0);
        idle(&attentive, 1);
        assert_eq!((end.announced.get(), end.waits.get()), (1, 1));
        idle(&attentive, 1);
        assert_eq!(end.waits.get(), 2, "an interrupt renews nothing");
    }

    #[test]
    fn it_does_not_sleep_while_its_peer_is_at_work_for_it() {
        let end = Scripted::default();
        end.is_being_served.set(true);
        let attentive = Attentive::new(&end, &end, Pause::Spin);
        idle(&attentive, 10 * Pause::Spin.patience());
        assert_eq!((end.announced.get(), end.waits.get()), (0, 0));
        end.is_being_served.set(false);
        idle(&attentive, 1);
        assert_eq!(end.waits.get(), 1);
    }
}
