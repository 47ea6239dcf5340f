//! [`ThreadList`]: every thread there is, for debug output.

use core::cell::Cell;

use super::Tcb;
use crate::obj::Obj;

/// The threads that exist, newest first.
pub struct ThreadList {
    head: Cell<Option<Obj<Tcb>>>,
}

impl ThreadList {
    /// No threads.
    pub const fn empty() -> Self {
        Self { head: Cell::new(None) }
    }

    /// Lists a new thread.
    pub fn insert(&self, thread: Obj<Tcb>) {
        let next = self.head.replace(Some(thread));
        thread.list_links.next.set(next);
        thread.list_links.previous.set(None);
        if let Some(next) = next {
            next.list_links.previous.set(Some(thread));
        }
    }

    /// Takes a thread out that is going away.
    pub fn remove(&self, thread: Obj<Tcb>) {
        let (previous, next) = (thread.list_links.previous.take(), thread.list_links.next.take());
        match previous {
            Some(previous) => previous.list_links.next.set(next),
            None => self.head.set(next),
        }
        if let Some(next) = next {
            next.list_links.previous.set(previous);
        }
    }

    /// All threads.
    pub fn iter(&self) -> impl Iterator<Item = Obj<Tcb>> {
        core::iter::successors(self.head.get(), |thread| thread.list_links.next.get())
    }
}
