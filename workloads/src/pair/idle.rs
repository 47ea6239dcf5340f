//! What a dispatcher does when it has nothing to do.

use rel4_runtime::arch;
use rel4_runtime::dispatch::Source;
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
    /// It never sleeps, but looks again at once.
    Spin,
    /// It never sleeps, but lets others on its hart run, and looks again.
    Yield,
    /// It looks again for about as long as sleeping would cost, and much longer while a peer that runs owes it answers; then it blocks. A
    /// peer on its own hart goes on meanwhile, because it yields.
    Attend,
}

/// The words that stand for them in parameters.
pub(crate) const IDLE: &[(&str, Idle)] = &[
    ("block", Idle::Block),
    ("work", Idle::Work),
    ("spin", Idle::Spin),
    ("yield", Idle::Yield),
    ("attend", Idle::Attend),
];

/// Steps of a piece of other work.
const PIECE: u64 = 50;

impl Idle {
    /// As an argument of a process.
    pub(crate) const fn word(self) -> u64 {
        self as u64
    }

    /// Reads [`Idle::word`] back.
    pub(crate) fn from_word(word: u64) -> Self {
        let find = |&(_, idle): &(&str, Self)| (idle.word() == word).then_some(idle);
        IDLE.iter().find_map(find).unwrap_or(Self::Block)
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
            (Idle::Block | Idle::Attend, _) => self.receiver.wait(),
            (Idle::Work, Delivery::InterruptFile) => {
                arch::with_interrupts(self.ready, work);
                0
            }
            (Idle::Work, Delivery::Kernel) => {
                work();
                0
            }
            (Idle::Spin, _) => {
                core::hint::spin_loop();
                0
            }
            (Idle::Yield, _) => {
                arch::yield_now();
                0
            }
        }
    }

    /// What it does when there is nothing to do.
    pub(crate) const fn idle(&self) -> Idle {
        self.idle
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

/// A source whose owner polls: it never tells senders that it sleeps, so they never notify it.
#[derive(Debug)]
pub(crate) struct Polled<'s, S>(pub(crate) &'s S);

impl<S: Source> Source for Polled<'_, S> {
    fn look(&self) -> bool {
        self.0.look()
    }

    fn flush(&self) {
        self.0.flush();
    }

    fn announce_asleep(&self) {}

    fn announce_awake(&self) {}
}

/// The interrupts of a thread whose ready queue is its interrupt file: the queue claims them itself.
#[derive(Debug)]
pub(crate) struct Unclaimed<'i, I>(pub(crate) &'i I);

impl<I: Interrupts> Interrupts for Unclaimed<'_, I> {
    #[inline(always)]
    fn claim(&self) -> Option<Identity> {
        None
    }

    fn wait(&self) -> u64 {
        self.0.wait()
    }

    fn poll(&self) -> u64 {
        self.0.poll()
    }
}

/// A piece of other work. The number of steps is kept from the compiler: emulators take interrupts where code branches, so one long
/// block would never be interrupted.
fn work() {
    for step in 0..core::hint::black_box(PIECE) {
        core::hint::black_box(step);
    }
}
