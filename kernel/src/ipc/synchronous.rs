//! What capabilities, threads and system calls do with endpoints and replies.

use rel4_abi::CapRights;

use super::{ReceiveKind, SendKind};
use crate::cap::slot::Slot;
use crate::cap::{Cap, EndpointCap, ReplyCap, delete, derivation};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::endpoint::Sender;
use crate::object::tcb::MESSAGE_SLOTS;
use crate::object::{Endpoint, Tcb};

pub use super::reply::{reply, reply_to_caller};

/// Whether this kernel has endpoints and reply capabilities.
pub const IS_PRESENT: bool = true;

/// What a capability to an endpoint names.
pub type EndpointRef = Obj<Endpoint>;
/// What a reply capability names: the thread that waits for the answer.
pub type CallerRef = Obj<Tcb>;

const REPLY_MASTER: usize = MESSAGE_SLOTS[0];
const CALLER: usize = MESSAGE_SLOTS[1];

impl Obj<Tcb> {
    /// The hidden original of all reply capabilities to this thread.
    #[inline(always)]
    pub fn reply_master(self) -> Obj<Slot> {
        Tcb::slot(self, REPLY_MASTER)
    }

    /// The reply capability to the thread that this one received a Call from.
    #[inline(always)]
    pub fn caller_slot(self) -> Obj<Slot> {
        Tcb::slot(self, CALLER)
    }
}

/// Sends the message of `sender` to the endpoint of `cap`, which has the Write right.
#[inline(always)]
pub fn send(k: &Kernel, sender: Obj<Tcb>, cap: &EndpointCap, kind: SendKind) {
    cap.endpoint.send(k, Sender::through(sender, cap), kind);
}

/// Receives from the endpoint of `cap`, which has the Read right. Whom the thread received a Call from before is forgotten.
#[inline(always)]
pub fn receive(k: &Kernel, receiver: Obj<Tcb>, cap: &EndpointCap, kind: ReceiveKind) {
    delete::delete_reply(receiver.caller_slot());
    cap.endpoint.receive(k, receiver, cap.rights.contains(CapRights::GRANT), kind);
}

/// Moves the right to answer whom the thread received a Call from, if there is one, into the empty slot `destination`.
pub fn save_caller(thread: Obj<Tcb>, destination: Obj<Slot>) {
    let caller = thread.caller_slot();
    if !caller.is_empty() {
        derivation::move_cap(caller.cap(), caller, destination);
    }
}

/// Nobody can answer the thread any more.
pub fn cancel_reply(thread: Obj<Tcb>) {
    // The only child of the hidden original is the reply capability that was handed out.
    let master = thread.reply_master();
    if let Some(reply) = master.next().filter(|&next| derivation::is_parent(master, next)) {
        delete::delete_reply(reply);
    }
}

/// Makes sure that the thread has the original of its reply capabilities.
pub fn set_up_reply_master(thread: Obj<Tcb>) {
    let slot = thread.reply_master();
    if slot.is_empty() {
        let cap = ReplyCap { caller: thread, master: true, can_grant: true };
        derivation::insert_root(Cap::Reply(cap), slot);
    }
}

/// Makes a capability to the endpoint at `address`.
///
/// # Safety
///
/// `address` is the start of unused, zeroed memory of an endpoint's size and alignment.
#[allow(unsafe_code, reason = "raw memory becomes an endpoint")]
pub unsafe fn new_endpoint(address: usize) -> Cap {
    // SAFETY: by this function's contract; zeroed memory is an idle endpoint.
    let endpoint = unsafe { Obj::<Endpoint>::from_address(address) };
    Cap::Endpoint(EndpointCap { endpoint, badge: 0, rights: CapRights::ALL })
}

/// The thread that a reply capability answers.
#[cfg(test)]
pub(crate) fn caller_of(cap: &ReplyCap) -> Obj<Tcb> {
    cap.caller
}
