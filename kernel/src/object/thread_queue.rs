//! The queue of threads that wait on an endpoint or notification: first in, first out, linked through the TCBs.

use core::cell::Cell;

use super::{Tcb, ThreadState};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::sched;

/// Head and tail of a queue, both empty or both not.
#[repr(C)]
#[derive(Default)]
pub(super) struct ThreadQueue {
    head: Cell<Option<Obj<Tcb>>>,
    tail: Cell<Option<Obj<Tcb>>>,
}

impl ThreadQueue {
    #[inline(always)]
    pub(super) fn head(&self) -> Option<Obj<Tcb>> {
        self.head.get()
    }

    /// The threads in the queue, in order.
    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = Obj<Tcb>> {
        core::iter::successors(self.head(), |thread| thread.wait_links.next.get())
    }

    #[inline(always)]
    pub(super) fn push_back(&self, tcb: Obj<Tcb>) {
        let tail = self.tail.get();
        tcb.wait_links.previous.set(tail);
        tcb.wait_links.next.set(None);
        match tail {
            Some(tail) => tail.wait_links.next.set(Some(tcb)),
            None => self.head.set(Some(tcb)),
        }
        self.tail.set(Some(tcb));
    }

    #[inline(always)]
    pub(super) fn remove(&self, tcb: Obj<Tcb>) {
        let (previous, next) = (tcb.wait_links.previous.get(), tcb.wait_links.next.get());
        match previous {
            Some(previous) => previous.wait_links.next.set(next),
            None => self.head.set(next),
        }
        match next {
            Some(next) => next.wait_links.previous.set(previous),
            None => self.tail.set(previous),
        }
    }

    /// Takes out the head, which is `head`.
    #[inline(always)]
    pub(super) fn remove_head(&self, head: Obj<Tcb>) {
        debug_assert!(self.head() == Some(head));
        let next = head.wait_links.next.get();
        self.head.set(next);
        match next {
            Some(next) => next.wait_links.previous.set(None),
            None => self.tail.set(None),
        }
    }

    /// Puts `tcb` into the empty queue.
    #[cfg(feature = "uintr")]
    #[inline(always)]
    pub(super) fn push_only(&self, tcb: Obj<Tcb>) {
        debug_assert!(self.head().is_none());
        tcb.wait_links.previous.set(None);
        tcb.wait_links.next.set(None);
        self.head.set(Some(tcb));
        self.tail.set(Some(tcb));
    }

    /// Takes out `tcb`, which is the only one.
    #[cfg(feature = "uintr")]
    #[inline(always)]
    pub(super) fn remove_only(&self, tcb: Obj<Tcb>) {
        debug_assert!(self.head() == Some(tcb) && self.tail.get() == Some(tcb));
        self.head.set(None);
        self.tail.set(None);
    }

    #[inline(always)]
    pub(super) fn pop_front(&self) -> Option<Obj<Tcb>> {
        let head = self.head.get()?;
        self.remove_head(head);
        Some(head)
    }

    /// Makes the first thread in the queue execute its system call again: what it waits on is going away. Returns whether there was one.
    pub(super) fn restart_first(&self, k: &Kernel) -> bool {
        let Some(thread) = self.pop_front() else { return false };
        thread.set_state(k, ThreadState::Restart);
        sched::enqueue(k, thread);
        sched::reschedule_required(k);
        true
    }
}
