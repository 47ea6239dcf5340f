//! The dispatcher of a thread: runs stackless coroutines by priority, and sleeps when there is nothing to run.
//!
//! A task's slot is its priority, lower first, as identities are in an interrupt file. The dispatcher works in rounds: in a
//! round each ready task is polled at most once, always the one of the highest priority, so that a task which is always
//! ready, or is kept so by a peer, delays the others but never stops them. After each round it notifies the peers that were sent
//! something and looks at what came in.
//!
//! Interrupts are masked all the while: they become pending in the interrupt file, which is the ready queue of the
//! hardware, and are claimed without a trap.

mod coroutines;
mod file_queue;
mod ready;
mod waker;
mod yielding;

use core::future::Future;
use core::pin::Pin;
use core::task::Context;

pub use coroutines::{Coroutines, Room};
pub use file_queue::FileQueue;
pub use ready::{MAX_TASKS, Queue, ReadyQueue, Slots};
pub use yielding::yield_now;

use crate::dispatch::{self, Source};
use crate::interrupt::{Identity, Interrupts};
use crate::trace::tracepoint;

/// A coroutine as the executor holds it: it stays where its owner pinned it.
pub type Task<'t> = Pin<&'t mut (dyn Future<Output = ()> + 't)>;

/// Why a task was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpawnError {
    /// The executor has no such slot.
    NoSuchSlot,
    /// There is a task in the slot.
    Occupied,
}

/// What a dispatcher did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Times a task was polled.
    pub polls: u64,
    /// Rounds.
    pub rounds: u64,
    /// Interrupts claimed without a trap.
    pub claims: u64,
    /// Times it found nothing and waited, in whatever way its interrupts do.
    pub sleeps: u64,
}

/// The dispatcher, with room for `TASKS` tasks and a ready queue in software, or another.
pub struct Executor<'t, const TASKS: usize, Q: 'static = ReadyQueue> {
    ready: &'static Q,
    tasks: [Option<Task<'t>>; TASKS],
    live: usize,
    statistics: Statistics,
}

impl<'t, const TASKS: usize, Q: Queue> Executor<'t, TASKS, Q> {
    /// An executor without tasks, whose wakers write to `ready`. A queue belongs to one executor: two would take each
    /// other's wake-ups.
    #[must_use]
    pub const fn new(ready: &'static Q) -> Self {
        const { assert!(TASKS <= MAX_TASKS, "wakers count slots in eight bits") };
        Self {
            ready,
            tasks: [const { None }; TASKS],
            live: 0,
            statistics: Statistics { polls: 0, rounds: 0, claims: 0, sleeps: 0 },
        }
    }

    /// Puts `task` into `slot`, which is its priority, 0 being the highest, and makes it ready.
    ///
    /// # Errors
    ///
    /// The slot does not exist or is taken.
    pub fn spawn(&mut self, slot: usize, task: Task<'t>) -> Result<(), SpawnError> {
        match self.tasks.get_mut(slot) {
            None => return Err(SpawnError::NoSuchSlot),
            Some(Some(_)) => return Err(SpawnError::Occupied),
            Some(empty) => *empty = Some(task),
        }
        self.live += 1;
        self.ready.wake(slot);
        Ok(())
    }

    /// Runs until all tasks are complete.
    pub fn run<S, I>(&mut self, source: &S, interrupts: &I)
    where
        S: Source + ?Sized,
        I: Interrupts + ?Sized,
    {
        loop {
            self.run_round();
            source.flush();
            tracepoint!(Dispatch);
            if self.live == 0 {
                return;
            }
            self.find_work(source, interrupts);
        }
    }

    /// Looks for work, and sleeps until there is some.
    #[inline(always)]
    fn find_work<S, I>(&mut self, source: &S, interrupts: &I)
    where
        S: Source + ?Sized,
        I: Interrupts + ?Sized,
    {
        let Self { ready, statistics, .. } = self;
        let mut taken = |identity: Identity| {
            statistics.claims += 1;
            if let Some(slot) = identity.slot() {
                ready.wake(slot);
            }
        };
        while !dispatch::look(source, interrupts, &mut taken) && !ready.any(TASKS) {
            if dispatch::sleep(source, interrupts, &mut taken) {
                statistics.sleeps += 1;
            } else {
                return;
            }
        }
    }

    /// Polls every ready task once, the highest priority first; tasks that become ready meanwhile join in.
    #[inline(always)]
    fn run_round(&mut self) {
        let mut polled = Slots::NONE;
        while let Some(slot) = self.ready.take_first(&polled, TASKS) {
            polled.insert(slot);
            self.poll(slot);
        }
        self.statistics.rounds += 1;
    }

    #[inline(always)]
    fn poll(&mut self, slot: usize) {
        // Whoever may write to the queue can make ready what is no task.
        let Some(Some(task)) = self.tasks.get_mut(slot) else { return };
        self.statistics.polls += 1;
        let waker = self.ready.waker(slot);
        let polled = task.as_mut().poll(&mut Context::from_waker(&waker));
        tracepoint!(Dispatch);
        if polled.is_ready() {
            self.tasks[slot] = None;
            self.live -= 1;
        }
    }

    /// What it did so far.
    #[must_use]
    pub const fn statistics(&self) -> Statistics {
        self.statistics
    }
}
