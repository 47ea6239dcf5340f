//! Recv and NBRecv, which are Wait and Poll on a notification.

use rel4_abi::CapRights;
use rel4_abi::lookup_failure::LookupFailure;

use crate::cap::{delete, lookup};
use crate::fault::{self, Fault, Phase};
use crate::kernel::Kernel;
use crate::object::endpoint::ReceiveKind;
use crate::trace::tracepoint;

/// Receives from the capability that the current thread names.
#[inline]
pub(super) fn handle(k: &Kernel, kind: ReceiveKind) {
    let thread = k.current();
    let cptr = thread.context.cptr();
    tracepoint!(Lookup);
    let fail = |failure| fault::raise(k, thread, Fault::Cap { cptr, phase: Phase::Receive, failure });
    let slot = match lookup::slot_of_thread(thread, cptr) {
        Ok(slot) => slot,
        Err(failure) => return fail(failure),
    };
    let cap = slot.raw();
    if let Some(cap) = cap.as_endpoint()
        && cap.rights.contains(CapRights::READ)
    {
        tracepoint!(Transfer);
        delete::delete_reply(thread.caller_slot());
        cap.endpoint.receive(k, thread, cap.rights.contains(CapRights::GRANT), kind);
    } else if let Some(cap) = cap.as_notification()
        && cap.rights.contains(CapRights::READ)
        && cap.notification.bound_thread().is_none_or(|bound| bound == thread)
    {
        tracepoint!(Transfer);
        match kind {
            ReceiveKind::Blocking => cap.notification.wait(k, thread),
            ReceiveKind::NonBlocking => cap.notification.poll(k, thread),
        }
    } else {
        fail(LookupFailure::MissingCapability { bits_left: 0 });
    }
}
