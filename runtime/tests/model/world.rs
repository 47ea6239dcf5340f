//! A machine for the model checker: shared memory and interrupt files.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use loom::sync::Notify;

use crate::attention::{Attentive, End, Pause};
use crate::dispatch::{Source, look, sleep};
use crate::interrupt::{self, Identity, Interrupts};
use crate::item::Item;
use crate::outbox::Outbox;
use crate::ring::{Consumer, Ring};
use crate::sync::{AtomicU64, Ordering};

/// Searches all interleavings with at most `preemptions` preemptions: for models too large for all. A switch away from a
/// thread that blocks is none.
pub(crate) fn model_bounded(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

/// Zeroed words that threads share.
pub(crate) fn memory(words: usize) -> Arc<[AtomicU64]> {
    (0..words).map(|_| AtomicU64::new(0)).collect()
}

/// An interrupt file, with all identities enabled. Raising and taking an identity order memory, as the fences at the
/// hardware do.
#[derive(Clone)]
pub(crate) struct File(Arc<(AtomicU64, Notify)>);

impl File {
    pub(crate) fn new() -> Self {
        Self(Arc::new((AtomicU64::new(0), Notify::new())))
    }

    /// A bell that raises identity `64 + bit`.
    pub(crate) fn bell(&self, bit: u32) -> Bell {
        Bell { file: self.clone(), bit }
    }
}

impl Interrupts for File {
    fn claim(&self) -> Option<Identity> {
        let pending = &self.0.0;
        let now = pending.load(Ordering::Acquire);
        let lowest = now & now.wrapping_neg();
        if lowest == 0 {
            return None;
        }
        pending.fetch_and(!lowest, Ordering::Acquire);
        Identity::of_slot(lowest.trailing_zeros() as usize)
    }

    fn wait(&self) -> u64 {
        let (pending, changed) = &*self.0;
        while pending.load(Ordering::Acquire) == 0 {
            changed.wait();
        }
        0
    }

    fn poll(&self) -> u64 {
        0
    }
}

#[derive(Clone)]
pub(crate) struct Bell {
    file: File,
    bit: u32,
}

impl interrupt::Notify for Bell {
    fn notify(&self) {
        let (pending, changed) = &*self.file.0;
        pending.fetch_or(1 << self.bit, Ordering::Release);
        changed.notify();
    }
}

/// What a dispatcher does when it finds nothing.
#[derive(Clone, Copy)]
pub(crate) enum Idle {
    Sleep,
    /// It looks again before it sleeps.
    Attend,
}

/// A dispatcher that receives from one ring, answers into another if it has one, and keeps what it received.
pub(crate) struct Endpoint<'m, const CAPACITY: usize> {
    inbox: RefCell<Consumer<'m, CAPACITY>>,
    outbox: Option<RefCell<Outbox<'m, Bell, CAPACITY>>>,
    pub(crate) received: RefCell<Vec<u64>>,
    answers: bool,
    pub(crate) slept: Cell<usize>,
}

impl<'m, const CAPACITY: usize> Endpoint<'m, CAPACITY> {
    pub(crate) fn receiver(ring: Ring<'m, CAPACITY>) -> Self {
        Self {
            inbox: RefCell::new(ring.consumer()),
            outbox: None,
            received: RefCell::default(),
            answers: false,
            slept: Cell::new(0),
        }
    }

    /// Sends each item back that it receives.
    pub(crate) fn server(requests: Ring<'m, CAPACITY>, replies: Ring<'m, CAPACITY>, client: Bell) -> Self {
        Self { answers: true, ..Self::client(requests, replies, client) }
    }

    pub(crate) fn client(inbox: Ring<'m, CAPACITY>, outbox: Ring<'m, CAPACITY>, peer: Bell) -> Self {
        let outbox = Outbox::new(outbox.producer(), peer);
        Self { outbox: Some(RefCell::new(outbox)), ..Self::receiver(inbox) }
    }

    pub(crate) fn send(&self, number: u64) {
        let outbox = self.outbox.as_ref().unwrap();
        outbox.borrow_mut().send(&item(number)).expect("the peer has made room before it answers");
    }

    /// Runs until `count` items in all were received, as the executor does.
    pub(crate) fn run_until(&self, file: &File, count: usize) {
        self.run_until_by(Idle::Sleep, file, count);
    }

    /// The same, and idles as `idle` says.
    pub(crate) fn run_until_by(&self, idle: Idle, file: &File, count: usize) {
        match idle {
            Idle::Sleep => self.dispatch_until(self, file, count),
            Idle::Attend => {
                let attentive = Attentive::new(self, file, Pause::Yield);
                self.dispatch_until(&attentive, &attentive, count);
            }
        }
    }

    fn dispatch_until(&self, source: &impl Source, interrupts: &impl Interrupts, count: usize) {
        loop {
            source.flush();
            if self.received.borrow().len() >= count {
                return;
            }
            if !look(source, interrupts, |_| {}) && sleep(source, interrupts, |_| {}) {
                self.slept.set(self.slept.get() + 1);
            }
        }
    }
}

impl<const CAPACITY: usize> End for Endpoint<'_, CAPACITY> {
    fn is_being_served(&self) -> bool {
        self.outbox.as_ref().is_some_and(|outbox| {
            let outbox = outbox.borrow();
            !self.answers && outbox.sent() != self.received.borrow().len() as u64 && outbox.reader_is_awake()
        })
    }
}

impl<const CAPACITY: usize> Source for Endpoint<'_, CAPACITY> {
    fn look(&self) -> bool {
        let mut found = false;
        while let Some(received) = self.inbox.borrow_mut().pop() {
            assert_eq!(received, item(received.first), "a torn item");
            self.received.borrow_mut().push(received.first);
            if self.answers {
                self.send(received.first);
            }
            found = true;
        }
        found
    }

    fn flush(&self) {
        if let Some(outbox) = &self.outbox {
            outbox.borrow_mut().flush();
        }
    }

    fn announce_asleep(&self) {
        self.inbox.borrow().flag().announce_asleep();
    }

    fn announce_awake(&self) {
        self.inbox.borrow().flag().announce_awake();
    }
}

/// An item whose words all tell its number.
pub(crate) fn item(number: u64) -> Item {
    Item { first: number, last: number }
}
