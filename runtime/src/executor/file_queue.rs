//! The ready queue in hardware: the thread's own interrupt file, in which a ready task is a pending identity.
//!
//! Peers that may send to the file make a task ready with the same store that interrupts a thread which does not run. The
//! hardware finds the task of the highest priority, and hands it out in one instruction.

use core::mem::ManuallyDrop;
use core::task::Waker;

use super::ready::{Queue, ReadyQueue, Slots};
use super::waker;
use crate::arch;
use crate::interrupt::{Identity, QUEUE_SLOTS};

/// The queue of the calling thread, which has an interrupt file and takes its interrupts with interrupts masked. It claims everything
/// itself: the dispatcher is given [`Interrupts`](crate::interrupt::Interrupts) that claim nothing.
#[derive(Debug)]
pub struct FileQueue {
    /// Tasks that were claimed, though they have had their turn in this round.
    later: ReadyQueue,
}

impl FileQueue {
    /// Tasks that it has identities for.
    pub const TASKS: usize = QUEUE_SLOTS;

    /// The queue of the calling thread.
    #[must_use]
    pub const fn new() -> Self {
        Self { later: ReadyQueue::new() }
    }
}

impl Default for FileQueue {
    fn default() -> Self {
        Self::new()
    }
}

/// Makes the task in `slot` of the calling thread ready; there is nothing to do for a slot without an identity.
#[inline(always)]
pub(super) fn raise(slot: usize) {
    if let Some(identity) = Identity::of_slot(slot) {
        arch::raise_own_identity(identity.number());
    }
}

impl Queue for FileQueue {
    #[inline(always)]
    fn wake(&self, slot: usize) {
        raise(slot);
    }

    #[inline(always)]
    fn any(&self, end: usize) -> bool {
        self.later.any(end) || arch::pending_identity() != 0
    }

    #[inline(always)]
    fn take_first(&self, except: &Slots, end: usize) -> Option<usize> {
        if let Some(slot) = self.later.take_first(except, end) {
            return Some(slot);
        }
        // An identity of the notification word says that a ring was written to; the dispatcher looks at the rings after this round
        // anyway. No more claims than there are slots: a peer that raises one for ever must not keep us here.
        for _ in 0..Self::TASKS {
            let claimed = Identity::new(arch::claim_identity())?;
            match claimed.slot() {
                Some(slot) if !except.contains(slot) => return Some(slot),
                Some(slot) => self.later.wake(slot),
                None => {}
            }
        }
        // Somebody does, and would keep all identities behind that one from us: they are taken without regard to their order.
        self.later.wake_all(arch::take_queue_identities());
        self.later.take_first(except, end)
    }

    #[inline(always)]
    fn waker(&'static self, slot: usize) -> ManuallyDrop<Waker> {
        waker::of_file(slot)
    }
}

#[cfg(test)]
mod tests {
    use std::boxed::Box;
    use std::cell::{Cell, RefCell};
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::{Poll, Waker};
    use std::vec::Vec;

    use super::*;
    use crate::dispatch::Source;
    use crate::executor::{Executor, yield_now};
    use crate::interrupt::Interrupts;

    const NO_SOURCES: &[&dyn Source] = &[];

    /// Sleeping would be for ever: everything is raised by the thread itself.
    struct NeverSleeps;

    impl Interrupts for NeverSleeps {
        fn claim(&self) -> Option<Identity> {
            None
        }

        fn wait(&self) -> u64 {
            panic!("there was work")
        }

        fn poll(&self) -> u64 {
            0
        }
    }

    fn queue() -> &'static FileQueue {
        Box::leak(Box::new(FileQueue::new()))
    }

    #[test]
    fn tasks_run_by_priority_and_none_runs_twice_before_the_others_ran_once() {
        let order = RefCell::new(Vec::new());
        let task = |number: usize| {
            let order = &order;
            async move {
                for _ in 0..2 {
                    order.borrow_mut().push(number);
                    yield_now().await;
                }
            }
        };
        let (first, second, third) = (pin!(task(0)), pin!(task(70)), pin!(task(191)));
        let mut executor = Executor::<192, _>::new(queue());
        executor.spawn(191, third).expect("free");
        executor.spawn(70, second).expect("free");
        executor.spawn(0, first).expect("free");
        executor.run(NO_SOURCES, &NeverSleeps);
        assert_eq!(*order.borrow(), [0, 70, 191, 0, 70, 191]);
    }

    #[test]
    fn a_peer_wakes_a_task_by_its_identity_and_raises_others_in_vain() {
        let mut polls = 0;
        let task = pin!(poll_fn(|_| {
            polls += 1;
            if polls == 2 { Poll::Ready(()) } else { Poll::Pending }
        }));
        let mut executor = Executor::<6, _>::new(queue());
        executor.spawn(5, task).expect("free");
        // The notification word, slots without a task, and slots that the executor does not have.
        for identity in (1..64).chain(66..256) {
            arch::raise_own_identity(identity);
        }
        let ring = OneKnock { identity: Identity::of_slot(5).expect("has one"), done: Cell::new(false) };
        executor.run(&ring, &NeverSleeps);
        assert_eq!(arch::pending_identity(), 0);
        assert_eq!(polls, 2);
    }

    /// A peer that raises an identity while the dispatcher looks for work.
    struct OneKnock {
        identity: Identity,
        done: Cell<bool>,
    }

    impl Source for OneKnock {
        fn look(&self) -> bool {
            if !self.done.replace(true) {
                arch::raise_own_identity(self.identity.number());
            }
            false
        }

        fn flush(&self) {}

        fn announce_asleep(&self) {}

        fn announce_awake(&self) {}
    }

    #[test]
    fn a_peer_that_raises_one_identity_for_ever_keeps_no_task_from_its_turn() {
        // The task of the highest priority, and an identity of the notification word.
        for storm in [64, 1] {
            std::thread::spawn(move || {
                let (done, polls) = (Cell::new(false), Cell::new(0));
                let first = pin!(poll_fn(|_| {
                    polls.set(polls.get() + 1);
                    assert!(polls.get() < 100, "the other task never has its turn");
                    if done.get() { Poll::Ready(()) } else { Poll::Pending }
                }));
                let other = pin!(async {
                    yield_now().await;
                    done.set(true);
                    arch::raise_own_identity(64);
                });
                let mut executor = Executor::<192, _>::new(queue());
                executor.spawn(0, first).expect("free");
                executor.spawn(191, other).expect("free");
                arch::own_file::begin_storm(storm);
                executor.run(NO_SOURCES, &NeverSleeps);
            })
            .join()
            .expect("both had their turns");
        }
    }

    #[test]
    fn wakers_are_equal_for_equal_slots_alone() {
        let ready = queue();
        let waker = |slot| Waker::clone(&ready.waker(slot));
        assert!(waker(3).will_wake(&waker(3)));
        assert!(!waker(3).will_wake(&waker(4)));
        waker(3).wake();
        assert_eq!(Identity::new(arch::claim_identity()), Identity::of_slot(3));
    }
}
