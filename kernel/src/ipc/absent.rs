//! A kernel without synchronous messages: no value of these types exists.
//!
//! So `Cap::Endpoint`, `Cap::Reply` and the states of threads that wait for messages cannot occur. What would be done with them is
//! an empty match.

use super::{ReceiveKind, SendKind};
use crate::cap::slot::Slot;
use crate::cap::{Cap, EndpointCap, ReplyCap};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::Tcb;

/// Whether this kernel has endpoints and reply capabilities.
pub const IS_PRESENT: bool = false;

/// What a capability to an endpoint would name.
pub type EndpointRef = Absent;
/// What a reply capability would name.
pub type CallerRef = Absent;

/// Something that this kernel does not have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Absent {}

/// The operations of endpoints.
impl Absent {
    /// Its address.
    pub fn address(self) -> usize {
        match self {}
    }

    /// Makes the thread that has waited longest execute its system call again.
    pub fn restart_first(self, _k: &Kernel) -> bool {
        match self {}
    }

    /// Makes every waiting sender with a badge execute its send again.
    pub fn cancel_badged_sends(self, _k: &Kernel, _badge: u64) {
        match self {}
    }

    /// The receiver that has waited longest.
    pub fn waiting_receiver(self) -> Option<(Obj<Tcb>, bool)> {
        match self {}
    }

    /// Takes out the thread that has waited longest.
    pub fn remove_head(self, _thread: Obj<Tcb>) {
        match self {}
    }

    /// Takes a thread out of the queue that it waits in.
    pub fn remove(self, _thread: Obj<Tcb>) {
        match self {}
    }

    /// The threads that wait.
    #[cfg(test)]
    pub(crate) fn waiting(self) -> Vec<Obj<Tcb>> {
        match self {}
    }
}

/// Sends a message.
pub fn send(_k: &Kernel, _sender: Obj<Tcb>, cap: &EndpointCap, _kind: SendKind) {
    match cap.endpoint {}
}

/// Receives a message.
pub fn receive(_k: &Kernel, _receiver: Obj<Tcb>, cap: &EndpointCap, _kind: ReceiveKind) {
    match cap.endpoint {}
}

/// Answers through a reply capability.
pub fn reply(_k: &Kernel, _sender: Obj<Tcb>, cap: &ReplyCap, _slot: Obj<Slot>) {
    match cap.caller {}
}

/// Reply: no thread ever received a Call.
pub fn reply_to_caller(_k: &Kernel, _thread: Obj<Tcb>) {}

/// Moves the right to answer a caller: there is none.
pub fn save_caller(_thread: Obj<Tcb>, _destination: Obj<Slot>) {}

/// Nobody could answer the thread anyway.
pub fn cancel_reply(_thread: Obj<Tcb>) {}

/// Threads have no reply capabilities.
pub fn set_up_reply_master(_thread: Obj<Tcb>) {}

/// Makes a capability to an endpoint, which Retype has refused.
///
/// # Safety
///
/// None: it does nothing.
#[allow(unsafe_code, reason = "has the signature of its counterpart")]
pub unsafe fn new_endpoint(_address: usize) -> Cap {
    unreachable!("Retype refuses endpoints")
}

/// The thread that a reply capability answers.
#[cfg(test)]
pub(crate) fn caller_of(cap: &ReplyCap) -> Obj<Tcb> {
    match cap.caller {}
}
