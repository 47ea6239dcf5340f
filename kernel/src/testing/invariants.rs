//! What must hold of the kernel's data structures between any two kernel entries.

use std::collections::BTreeSet;

use crate::cap::slot::Slot;
use crate::cap::{Cap, RawCap, derivation};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::{Tcb, ThreadState};

/// Checks everything that can be reached from the current and all queued threads.
pub(super) fn check(k: &Kernel) {
    let reached = Reached::from(k);
    for &slot in &reached.slots {
        check_links(slot);
    }
    let current = k.current();
    assert!(
        current == k.hart().idle() || current.is_runnable(),
        "the current thread cannot run: {:?}",
        current.state()
    );
    assert!(!current.queued.get(), "the current thread is queued");
    for thread in &reached.threads {
        check_thread(k, *thread);
    }
}

struct Reached {
    slots: Vec<Obj<Slot>>,
    threads: Vec<Obj<Tcb>>,
}

impl Reached {
    fn from(k: &Kernel) -> Self {
        let mut reached = Self { slots: Vec::new(), threads: Vec::new() };
        let mut seen = BTreeSet::new();
        let mut todo = std::vec![k.current()];
        #[cfg(feature = "debug")]
        k.hart().ready.for_each(&mut |thread| todo.push(thread));
        let mut nodes = Vec::new();
        while let Some(thread) = todo.pop() {
            if !seen.insert(thread.address()) {
                continue;
            }
            reached.threads.push(thread);
            nodes.push((Tcb::slots(thread), 5));
            while let Some((node, slots)) = nodes.pop() {
                for index in 0..slots {
                    let slot = node.slot(index);
                    if slot.is_empty() {
                        continue;
                    }
                    reached.slots.push(slot);
                    match slot.cap() {
                        Cap::CNode(cap) if seen.insert(cap.node.address()) => {
                            nodes.push((cap.node, cap.node.slot_count()));
                        }
                        Cap::Thread(tcb) => todo.push(tcb),
                        _ => {}
                    }
                }
            }
        }
        reached
    }
}

/// The derivation list is doubly linked, stored capabilities decode to themselves, and mapped children are within their parents.
fn check_links(slot: Obj<Slot>) {
    let cap = slot.cap();
    assert_eq!(RawCap::encode(cap), slot.raw(), "a stored capability has bits that mean nothing: {cap:?}");
    if let Some(next) = slot.next() {
        assert_eq!(next.previous(), Some(slot), "the list is torn behind {cap:?}");
        assert!(!next.is_empty(), "an empty slot is listed behind {cap:?}");
    }
    if let Some(previous) = slot.previous() {
        assert_eq!(previous.next(), Some(slot), "the list is torn before {cap:?}");
    }
    if let Cap::Untyped(untyped) = cap {
        assert!(untyped.watermark <= untyped.size());
        if !derivation::has_children(slot) {
            return;
        }
        let mut next = slot.next();
        while let Some(child) = next.filter(|&child| derivation::is_parent(slot, child)) {
            if let Some((base, bits)) = child.cap().region() {
                let end = base.0 + (1u64 << bits);
                assert!(
                    end <= untyped.base.0 + untyped.watermark,
                    "{:?} lies above the watermark",
                    child.cap()
                );
            }
            next = child.next();
        }
    }
}

fn check_thread(k: &Kernel, thread: Obj<Tcb>) {
    if thread.queued.get() {
        assert!(thread.is_runnable(), "a thread that cannot run is queued: {:?}", thread.state());
    }
    if thread.is_runnable() {
        assert!(thread.queued.get() || thread == k.current(), "a runnable thread would never run");
    }
    if let Some(notification) = thread.bound_notification() {
        assert_eq!(notification.bound_thread(), Some(thread));
    }
    if thread.state() == ThreadState::BlockedOnReply {
        assert!(!thread.reply_master().is_empty(), "waits for a reply that nobody can send");
    }
}
