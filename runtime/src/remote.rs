//! Ready queue for wake-ups from elsewhere, where there is no hardware for it: the software twin of an interrupt file.
//!
//! | words | what | written by |
//! |---|---|---|
//! | 0 | [`Flag`]: the owner's dispatcher is awake | all |
//! | 8 + *i* | bit *b*: task 64 *i* + *b* is ready | all |
//!
//! The memory may be shared with processes that are not trusted: they can make tasks ready, as with an interrupt file,
//! and a task that is woken for nothing looks and waits again.

use crate::dispatch::Source;
use crate::flag::Flag;
use crate::interrupt::Notify;
use crate::item::LINE_WORDS;
use crate::sync::{AtomicU64, Ordering, fence};

const FLAG: usize = 0;
const READY: usize = LINE_WORDS;
const READY_WORDS: usize = 4;

/// The queue, as both sides see it.
#[derive(Clone, Copy, Debug)]
pub struct RemoteQueue<'m> {
    flag: Flag<'m>,
    ready: &'m [AtomicU64; READY_WORDS],
}

impl<'m> RemoteQueue<'m> {
    /// Words of shared memory that it takes.
    pub const WORDS: usize = READY + READY_WORDS;
    /// Tasks that it has room for.
    pub const TASKS: usize = READY_WORDS * u64::BITS as usize;

    /// The queue in the first [`RemoteQueue::WORDS`] of `memory`, which is zero before the first use; `None` if there
    /// are fewer.
    #[must_use]
    pub fn new(memory: &'m [AtomicU64]) -> Option<Self> {
        let ready = memory.get(READY..Self::WORDS)?.try_into().ok()?;
        Some(Self { flag: Flag::new(&memory[FLAG]), ready })
    }
}

/// A task of another thread.
#[derive(Debug)]
pub struct RemoteTask<'m, N> {
    queue: RemoteQueue<'m>,
    slot: usize,
    owner: N,
}

impl<'m, N: Notify> RemoteTask<'m, N> {
    /// The task in `slot` of the thread that owns `queue` and is woken by `owner`; `None` if there is no such slot.
    #[must_use]
    pub fn new(queue: RemoteQueue<'m>, slot: usize, owner: N) -> Option<Self> {
        (slot < RemoteQueue::TASKS).then_some(Self { queue, slot, owner })
    }
}

impl<N: Notify> Notify for RemoteTask<'_, N> {
    /// Makes the task ready, and wakes its thread if that sleeps.
    fn notify(&self) {
        self.queue.ready[self.slot / 64].fetch_or(1 << (self.slot % 64), Ordering::Release);
        // The bit is visible before we look at the flag: see `flag`.
        fence(Ordering::SeqCst);
        if self.queue.flag.flip_to_awake() {
            self.owner.notify();
        }
    }
}

/// The owner's end: wakes its own tasks.
#[derive(Debug)]
pub struct RemoteInbox<'m, W> {
    queue: RemoteQueue<'m>,
    wake: W,
}

impl<'m, W: Fn(usize)> RemoteInbox<'m, W> {
    /// Gives `wake` the slots of tasks that became ready.
    pub const fn new(queue: RemoteQueue<'m>, wake: W) -> Self {
        Self { queue, wake }
    }
}

impl<W: Fn(usize)> Source for RemoteInbox<'_, W> {
    fn look(&self) -> bool {
        let mut found = false;
        for (index, word) in self.queue.ready.iter().enumerate() {
            // The load spares the usual case, nothing, the atomic exchange.
            if word.load(Ordering::Relaxed) == 0 {
                continue;
            }
            let mut ready = word.swap(0, Ordering::Acquire);
            found |= ready != 0;
            while ready != 0 {
                (self.wake)(index * 64 + ready.trailing_zeros() as usize);
                ready &= ready - 1;
            }
        }
        found
    }

    fn flush(&self) {}

    fn announce_asleep(&self) {
        self.queue.flag.announce_asleep();
    }

    fn announce_awake(&self) {
        self.queue.flag.announce_awake();
    }
}
