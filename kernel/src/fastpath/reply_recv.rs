//! ReplyRecv of a server that nobody else waits for.

use rel4_abi::CapRights;

use super::{Request, deliver};
use crate::cap::{derivation, lookup};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::{Notification, Tcb, ThreadState};
use crate::sched;
use crate::trace::tracepoint;

#[inline(always)]
pub(super) fn handle(k: &Kernel, request: &Request) -> Option<Obj<Tcb>> {
    let server = k.current();
    let length = request.info.register_words()?;
    tracepoint!(Lookup);
    let cap = lookup::slot_in_root(server, request.cptr)?.raw().as_endpoint()?;
    if !cap.rights.contains(CapRights::READ) || cap.endpoint.waiting_sender().is_some() {
        return None;
    }
    let reply = server.caller_slot().raw().as_reply()?;
    let caller = reply.caller;
    tracepoint!(Schedule);
    if server.fault.get().is_some() || caller.fault.get().is_some() {
        return None;
    }
    if may_have_signal(server) || !sched::runs_after_current(k, caller) {
        return None;
    }

    tracepoint!(Transfer);
    derivation::remove_reply(caller, server.caller_slot());
    deliver(request, length, 0, caller);
    caller.set_state_only(ThreadState::Running);
    let can_grant = cap.rights.contains(CapRights::GRANT);
    server.set_state_only(ThreadState::BlockedOnReceive { endpoint: cap.endpoint, can_grant });
    cap.endpoint.push_back(server);
    sched::run(k, caller);
    Some(caller)
}

/// Whether there may be a signal, which a receive takes before any message.
#[inline(always)]
fn may_have_signal(server: Obj<Tcb>) -> bool {
    #[cfg(feature = "uintr")]
    if crate::uintr::is_registered(server) {
        return true;
    }
    server.bound_notification().is_some_and(Obj::<Notification>::is_active)
}
