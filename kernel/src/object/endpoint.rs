//! [`Endpoint`]: synchronous rendezvous of senders and receivers.

use rel4_abi::CapRights;

use super::tcb::PendingSend;
use super::thread_queue::ThreadQueue;
use super::{Tcb, ThreadState};
use crate::cap::{EndpointCap, derivation};
use crate::ipc::{ReceiveKind, SendKind, transfer};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::sched;
use crate::trace::tracepoint;

/// An endpoint: a queue of threads that are all senders or all receivers. 16 bytes, zeroed memory is an idle endpoint.
#[repr(C, align(16))]
#[derive(Default)]
pub struct Endpoint {
    queue: ThreadQueue,
}

const _: () = assert!(size_of::<Endpoint>() == 1 << rel4_abi::object::ENDPOINT_BITS);

/// A sender and what its capability allows.
#[derive(Clone, Copy)]
pub struct Sender {
    /// The thread.
    pub thread: Obj<Tcb>,
    /// Badge of the capability.
    pub badge: u64,
    /// The message may carry capabilities.
    pub can_grant: bool,
    /// The receiver may get a reply capability.
    pub can_grant_reply: bool,
}

impl Sender {
    /// `thread` sending through `cap`.
    #[inline(always)]
    pub fn through(thread: Obj<Tcb>, cap: &EndpointCap) -> Self {
        Self {
            thread,
            badge: cap.badge,
            can_grant: cap.rights.contains(CapRights::GRANT),
            can_grant_reply: cap.rights.contains(CapRights::GRANT_REPLY),
        }
    }
}

impl Obj<Endpoint> {
    /// Sends the message in the sender's registers and buffer, or its fault.
    #[inline]
    pub fn send(self, k: &Kernel, sender: Sender, kind: SendKind) {
        match self.waiting_receiver() {
            Some((receiver, receiver_can_grant)) => {
                self.queue.remove_head(receiver);
                transfer::transfer(k, &sender, Some(self), receiver);
                receiver.set_state(k, ThreadState::Running);
                sched::possible_switch_to(k, receiver);
                if kind == SendKind::Call {
                    tracepoint!(Transfer);
                    await_reply(k, &sender, receiver, receiver_can_grant);
                }
            }
            None if kind == SendKind::NonBlocking => {}
            None => {
                let pending = PendingSend {
                    endpoint: self,
                    badge: sender.badge,
                    can_grant: sender.can_grant,
                    can_grant_reply: sender.can_grant_reply,
                    is_call: kind == SendKind::Call,
                };
                sender.thread.set_state(k, ThreadState::BlockedOnSend(pending));
                self.queue.push_back(sender.thread);
            }
        }
    }

    /// Receives into the registers and buffer of `receiver`, whose bound notification comes first.
    #[inline]
    pub fn receive(self, k: &Kernel, receiver: Obj<Tcb>, cap_can_grant: bool, kind: ReceiveKind) {
        if let Some(notification) = receiver.bound_notification()
            && notification.take_into(k, receiver)
        {
            return;
        }
        match self.waiting_sender() {
            Some((thread, pending)) => {
                self.queue.remove_head(thread);
                let sender = Sender {
                    thread,
                    badge: pending.badge,
                    can_grant: pending.can_grant,
                    can_grant_reply: pending.can_grant_reply,
                };
                transfer::transfer(k, &sender, Some(self), receiver);
                if pending.is_call {
                    await_reply(k, &sender, receiver, cap_can_grant);
                } else {
                    thread.set_state(k, ThreadState::Running);
                    sched::possible_switch_to(k, thread);
                }
            }
            None => match kind {
                ReceiveKind::Blocking => {
                    #[cfg(feature = "uintr")]
                    if let Some(bits) = crate::uintr::arm_or_take(receiver) {
                        receiver.context.set_badge(bits);
                        return;
                    }
                    let state = ThreadState::BlockedOnReceive { endpoint: self, can_grant: cap_can_grant };
                    receiver.set_state(k, state);
                    self.queue.push_back(receiver);
                }
                ReceiveKind::NonBlocking => receiver.context.set_badge(0),
            },
        }
    }

    /// The receiver that has waited longest, and whether the answer to it may carry capabilities.
    #[inline(always)]
    pub fn waiting_receiver(self) -> Option<(Obj<Tcb>, bool)> {
        let head = self.queue.head()?;
        match head.state() {
            ThreadState::BlockedOnReceive { can_grant, .. } => Some((head, can_grant)),
            _ => None,
        }
    }

    /// The sender that has waited longest, and what was fixed when it blocked.
    #[inline(always)]
    pub fn waiting_sender(self) -> Option<(Obj<Tcb>, PendingSend)> {
        let head = self.queue.head()?;
        match head.state() {
            ThreadState::BlockedOnSend(pending) => Some((head, pending)),
            _ => None,
        }
    }

    /// The threads that wait, first come first.
    #[cfg(test)]
    pub(crate) fn waiting(self) -> Vec<Obj<Tcb>> {
        self.queue.iter().collect()
    }

    /// Takes out the thread that has waited longest, which is `thread`.
    #[inline(always)]
    pub fn remove_head(self, thread: Obj<Tcb>) {
        self.queue.remove_head(thread);
    }

    /// Puts a thread behind all that wait; its state says what for.
    #[inline(always)]
    pub fn push_back(self, thread: Obj<Tcb>) {
        self.queue.push_back(thread);
    }

    /// Takes a thread out of the queue that it waits in.
    #[inline(always)]
    pub fn remove(self, thread: Obj<Tcb>) {
        self.queue.remove(thread);
    }

    /// Makes the thread that has waited longest execute its system call again: the endpoint is going away. Returns whether there was one.
    pub fn restart_first(self, k: &Kernel) -> bool {
        self.queue.restart_first(k)
    }

    /// Makes every waiting sender with `badge` execute its send again.
    pub fn cancel_badged_sends(self, k: &Kernel, badge: u64) {
        if self.waiting_sender().is_none() {
            return;
        }
        let mut next = self.queue.head();
        while let Some(thread) = next {
            next = thread.wait_links.next.get();
            if matches!(thread.state(), ThreadState::BlockedOnSend(pending) if pending.badge == badge) {
                self.queue.remove(thread);
                thread.set_state(k, ThreadState::Restart);
                sched::enqueue(k, thread);
            }
        }
        sched::reschedule_required(k);
    }
}

/// After a Call was delivered: the caller waits, and the receiver gets the right to answer.
#[inline(always)]
fn await_reply(k: &Kernel, sender: &Sender, receiver: Obj<Tcb>, receiver_can_grant: bool) {
    if !(sender.can_grant || sender.can_grant_reply) {
        sender.thread.set_state(k, ThreadState::Inactive);
        return;
    }
    sender.thread.set_state(k, ThreadState::BlockedOnReply);
    derivation::insert_reply(sender.thread, receiver.caller_slot(), receiver_can_grant);
}
