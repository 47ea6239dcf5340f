//! A monitor, as user level makes it of notifications: what a producer hands to a consumer, and back, through a buffer for one item.
//!
//! A hand-over goes from before one thread tells the other that the state of the buffer has changed to where the other one has seen it. That is a
//! Signal to a thread of the same priority, then a Wait that lets it run.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rel4_abi::CPtr;
use rel4_runtime::arch;
use rel4_runtime::cap::Notification;
use rel4_runtime::process::{self, Start};

use crate::bench::cast::{Actor, FIRST, SECOND};
use crate::bench::pair::role;
use crate::bench::series::Overhead;
use crate::bench::session::{Play, Session};
use crate::bench::tape::Tape;
use crate::bench::window::{close, open};
use crate::failure::Failure;

/// Both threads see the same: they are in one address space.
static LOCK: Lock = Lock(AtomicBool::new(false));
static ITEMS: AtomicU64 = AtomicU64::new(0);
static FILLED: Condition = Condition { waiters: AtomicU64::new(0), notification: FIRST };
static EMPTIED: Condition = Condition { waiters: AtomicU64::new(0), notification: SECOND };

/// Measures the group.
pub(super) fn measure(session: &mut Session<'_>) -> Result<(), Failure> {
    let producer = role(Actor::Near, produce, [0; 4]);
    let consumer = role(Actor::Beside, consume, [0; 4]);
    let operations = &["producer_to_consumer", "consumer_to_producer"];
    session.play(&Play { operations, overhead: Overhead::Empty, roles: &[producer, consumer] })
}

extern "C" fn produce(start: &Start) -> ! {
    let tape = Tape::new(start.shared);
    let counter = tape.counter();
    for cycle in 0..tape.cycles() {
        LOCK.acquire();
        while ITEMS.load(Ordering::Relaxed) == 1 {
            EMPTIED.wait();
        }
        // The first item is not asked for by anybody, so no window is open.
        if let Some(before) = cycle.checked_sub(1) {
            tape.closed(1, before, close(counter));
        }
        ITEMS.store(1, Ordering::Relaxed);
        let opened = open(counter);
        FILLED.signal();
        LOCK.release();
        tape.opened(0, cycle, opened);
    }
    LOCK.acquire();
    while ITEMS.load(Ordering::Relaxed) == 1 {
        EMPTIED.wait();
    }
    close(counter);
    process::finish([0; 4])
}

extern "C" fn consume(start: &Start) -> ! {
    let tape = Tape::new(start.shared);
    let counter = tape.counter();
    let mut cycle = 0;
    loop {
        LOCK.acquire();
        while ITEMS.load(Ordering::Relaxed) == 0 {
            FILLED.wait();
        }
        tape.closed(0, cycle, close(counter));
        ITEMS.store(0, Ordering::Relaxed);
        let opened = open(counter);
        EMPTIED.signal();
        LOCK.release();
        tape.opened(1, cycle, opened);
        cycle += 1;
    }
}

/// A lock between threads of one hart and one priority: it is never held when another one asks for it, unless a tick falls in between.
struct Lock(AtomicBool);

impl Lock {
    fn acquire(&self) {
        while self.0.swap(true, Ordering::Acquire) {
            arch::yield_now();
        }
    }

    fn release(&self) {
        self.0.store(false, Ordering::Release);
    }
}

/// A condition under [`LOCK`].
struct Condition {
    waiters: AtomicU64,
    notification: CPtr,
}

impl Condition {
    /// Waits for a signal without the lock, and takes it again.
    fn wait(&self) {
        self.waiters.store(1, Ordering::Relaxed);
        LOCK.release();
        let _: u64 = Notification(self.notification).wait();
        LOCK.acquire();
    }

    /// Wakes who waits.
    fn signal(&self) {
        if self.waiters.swap(0, Ordering::Relaxed) == 1 {
            Notification(self.notification).signal();
        }
    }
}
