//! Call to a thread that waits for it.

use rel4_abi::CapRights;

use super::{Request, deliver};
use crate::cap::{derivation, lookup};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::{Tcb, ThreadState};
use crate::sched;
use crate::trace::tracepoint;

/// What a capability must allow, one of them, for the caller to get an answer.
const ANSWERABLE: CapRights = CapRights::GRANT.union(CapRights::GRANT_REPLY);

#[inline(always)]
pub(super) fn handle(k: &Kernel, request: &Request) -> Option<Obj<Tcb>> {
    let caller = k.current();
    let length = request.info.register_words()?;
    tracepoint!(Lookup);
    let cap = lookup::slot_in_root(caller, request.cptr)?.raw().as_endpoint()?;
    if !cap.rights.contains(CapRights::WRITE) || !cap.rights.intersects(ANSWERABLE) {
        return None;
    }
    let (receiver, receiver_can_grant) = cap.endpoint.waiting_receiver()?;
    tracepoint!(Schedule);
    if caller.fault.get().is_some() || !sched::runs_after_current(k, receiver) {
        return None;
    }

    tracepoint!(Transfer);
    cap.endpoint.remove_head(receiver);
    deliver(request, length, cap.badge, receiver);
    receiver.set_state_only(ThreadState::Running);
    caller.set_state_only(ThreadState::BlockedOnReply);
    derivation::insert_reply(caller, receiver.caller_slot(), receiver_can_grant);
    sched::run(k, receiver);
    Some(receiver)
}
