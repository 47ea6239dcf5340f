//! [`Notification`]: a word of badge bits, and the threads that wait for one.

use core::cell::Cell;

use super::thread_queue::ThreadQueue;
use super::{Tcb, ThreadState};
use crate::kernel::Kernel;
use crate::obj::{Obj, Tagged};
use crate::sched;

/// A notification. 32 bytes, zeroed memory is an idle notification.
#[repr(C, align(32))]
pub struct Notification {
    queue: ThreadQueue,
    /// The badges signalled since the last wait, ORed together.
    word: Cell<u64>,
    /// The thread that the notification is bound to, and whether it is active: signalled and not yet waited for. The word alone
    /// does not tell, since a badge can be 0.
    bound: Cell<Tagged<Tcb>>,
}

const _: () = assert!(size_of::<Notification>() == 1 << rel4_abi::object::NOTIFICATION_BITS);

const ACTIVE: usize = 1;

impl Default for Notification {
    fn default() -> Self {
        Self { queue: ThreadQueue::default(), word: Cell::new(0), bound: Cell::new(Tagged::NONE) }
    }
}

impl Obj<Notification> {
    /// Whether it was signalled and not yet waited for, as far as its word goes.
    #[inline(always)]
    pub fn is_active(self) -> bool {
        self.bound.get().flags() == ACTIVE
    }

    fn set_active(self, active: bool) {
        self.bound.set(self.bound.get().with_flags(usize::from(active) * ACTIVE));
    }

    /// The thread that the notification is bound to.
    pub fn bound_thread(self) -> Option<Obj<Tcb>> {
        self.bound.get().object()
    }

    /// Whether what is stored in the thread's interrupt file is for this notification.
    #[cfg(feature = "uintr")]
    fn is_bound_to(self, thread: Obj<Tcb>) -> bool {
        self.bound_thread() == Some(thread)
    }

    /// Whether threads wait on it.
    pub fn has_waiters(self) -> bool {
        self.queue.head().is_some()
    }

    /// Signals: wakes the first waiter, or the bound thread out of a receive, or is remembered.
    #[inline]
    pub fn signal(self, k: &Kernel, badge: u64) {
        if let Some(waiter) = self.queue.pop_front() {
            wake(k, waiter, badge);
            return;
        }
        if !self.is_active()
            && let Some(thread) = self.bound_thread()
            && matches!(thread.state(), ThreadState::BlockedOnReceive { .. })
        {
            super::tcb::cancel_ipc(k, thread);
            wake(k, thread, badge);
            return;
        }
        #[cfg(feature = "uintr")]
        let badge = match self.bound_thread() {
            Some(thread) if crate::uintr::is_registered(thread) && badge != 0 => {
                let rest = crate::uintr::raise(k, thread, badge);
                if rest == 0 {
                    return;
                }
                rest
            }
            _ => badge,
        };
        self.remember(badge);
    }

    /// Keeps a badge for the next wait.
    pub fn remember(self, badge: u64) {
        self.word.set(self.word.get() | badge);
        self.set_active(true);
    }

    /// If the notification is active, gives its word to `receiver` and makes it idle.
    #[inline]
    pub fn take_into(self, k: &Kernel, receiver: Obj<Tcb>) -> bool {
        #[cfg(feature = "uintr")]
        if self.is_bound_to(receiver)
            && let Some(bits) = crate::uintr::take_pending(k, receiver)
        {
            receiver.context.set_badge(self.word.take() | bits);
            self.set_active(false);
            return true;
        }
        #[cfg(not(feature = "uintr"))]
        let _ = k;
        if !self.is_active() {
            return false;
        }
        receiver.context.set_badge(self.word.take());
        self.set_active(false);
        true
    }

    /// Waits for a signal.
    pub fn wait(self, k: &Kernel, receiver: Obj<Tcb>) {
        if self.take_into(k, receiver) {
            return;
        }
        #[cfg(feature = "uintr")]
        if self.is_bound_to(receiver)
            && let Some(bits) = crate::uintr::arm_or_take(receiver)
        {
            receiver.context.set_badge(bits);
            return;
        }
        receiver.set_state(k, ThreadState::BlockedOnNotification(self));
        self.queue.push_back(receiver);
    }

    /// Moves the bits that wait in the word into the interrupt file that the bound thread has just got.
    #[cfg(feature = "uintr")]
    pub fn move_word_to_file(self, k: &Kernel, receiver: Obj<Tcb>) {
        let word = self.word.get();
        if word != 0 {
            let rest = crate::uintr::raise(k, receiver, word);
            self.word.set(rest);
            self.set_active(rest != 0);
        }
    }

    /// Looks for a signal; badge 0 if there is none.
    pub fn poll(self, k: &Kernel, receiver: Obj<Tcb>) {
        if !self.take_into(k, receiver) {
            receiver.context.set_badge(0);
        }
    }

    /// The badges signalled and not yet waited for.
    #[cfg(all(test, feature = "uintr"))]
    pub(crate) fn word(self) -> u64 {
        self.word.get()
    }

    /// The threads that wait, first come first.
    #[cfg(test)]
    pub(crate) fn waiting(self) -> Vec<Obj<Tcb>> {
        self.queue.iter().collect()
    }

    /// Takes a thread out of the queue that it waits in.
    pub fn remove(self, thread: Obj<Tcb>) {
        self.queue.remove(thread);
    }

    /// Queues the thread that the notification is bound to. Nobody else waits there: nobody else may, and nobody did when the two were bound.
    #[cfg(feature = "uintr")]
    #[inline(always)]
    pub fn push_only_waiter(self, thread: Obj<Tcb>) {
        self.queue.push_only(thread);
    }

    /// Takes the thread that the notification is bound to out of the queue, where nobody else waits.
    #[cfg(feature = "uintr")]
    #[inline(always)]
    pub fn remove_only_waiter(self, thread: Obj<Tcb>) {
        self.queue.remove_only(thread);
    }

    /// Makes the thread that has waited longest execute its system call again: the notification is going away. Returns whether there was
    /// one.
    pub fn restart_first(self, k: &Kernel) -> bool {
        self.queue.restart_first(k)
    }

    /// Binds the notification to a thread; neither may be bound already.
    pub fn bind(self, thread: Obj<Tcb>) {
        debug_assert!(self.bound_thread().is_none() && thread.bound_notification().is_none());
        self.bound.set(self.bound.get().with_object(Some(thread)));
        thread.set_bound_notification(Some(self));
    }

    /// Undoes the binding, if there is one. An interrupt file that the thread took for this notification goes with it.
    pub fn unbind(self, k: &Kernel) {
        if let Some(thread) = self.bound_thread() {
            #[cfg(feature = "uintr")]
            crate::uintr::unregister(k, thread);
            #[cfg(not(feature = "uintr"))]
            let _ = k;
            thread.set_bound_notification(None);
            self.bound.set(self.bound.get().with_object(None));
        }
    }
}

/// Gives a thread that waited a badge and lets it run.
pub fn wake(k: &Kernel, thread: Obj<Tcb>, badge: u64) {
    thread.context.set_badge(badge);
    thread.set_state(k, ThreadState::Running);
    sched::possible_switch_to(k, thread);
}
