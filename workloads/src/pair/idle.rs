//! What a dispatcher does when it has nothing to do.

use rel4_runtime::arch;
use rel4_runtime::executor::ReadyQueue;
use rel4_runtime::interrupt::{Identity, Interrupts};
use rel4_runtime::uintr::{Delivery, Receiver};

/// What a dispatcher does when it has nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Idle {
    /// It blocks in the kernel until it is notified.
    Block,
    /// It goes on with other work, in which notifications interrupt it, and looks after each piece of that.
    Work,
}

/// The words that stand for them in parameters.
pub(crate) const IDLE: &[(&str, Idle)] = &[("block", Idle::Block), ("work", Idle::Work)];

/// Steps of a piece of other work.
const PIECE: u64 = 50;

impl Idle {
    /// As an argument of a process.
    pub(crate) const fn word(self) -> u64 {
        self as u64
    }

    /// Reads [`Idle::word`] back.
    pub(crate) const fn from_word(word: u64) -> Self {
        if word == Self::Block.word() { Self::Block } else { Self::Work }
    }
}

/// The notifications of a thread that idles as it was asked to.
#[derive(Debug)]
pub(crate) struct Idler {
    receiver: Receiver,
    ready: &'static ReadyQueue,
    idle: Idle,
}

impl Idler {
    /// Takes the notifications of `receiver`; interrupts make tasks in `ready` ready.
    pub(crate) const fn new(receiver: Receiver, ready: &'static ReadyQueue, idle: Idle) -> Self {
        Self { receiver, ready, idle }
    }

    /// Idles once, in the way that `idle` says.
    pub(crate) fn wait_by(&self, idle: Idle) -> u64 {
        match (idle, self.receiver.delivery()) {
            (Idle::Block, _) => self.receiver.wait(),
            (Idle::Work, Delivery::InterruptFile) => {
                arch::with_interrupts(self.ready, work);
                0
            }
            (Idle::Work, Delivery::Kernel) => {
                work();
                0
            }
        }
    }

    /// Times the thread waited in the kernel.
    pub(crate) fn waits(&self) -> u64 {
        self.receiver.waits()
    }
}

impl Interrupts for Idler {
    #[inline(always)]
    fn claim(&self) -> Option<Identity> {
        self.receiver.claim()
    }

    fn wait(&self) -> u64 {
        self.wait_by(self.idle)
    }

    fn poll(&self) -> u64 {
        self.receiver.poll()
    }
}

/// A piece of other work. The number of steps is kept from the compiler: emulators take interrupts where code branches, so one long
/// block would never be interrupted.
fn work() {
    for step in 0..core::hint::black_box(PIECE) {
        core::hint::black_box(step);
    }
}
