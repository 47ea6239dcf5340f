//! Send and NBSend: signals, and messages to a thread that waits for them.

use rel4_abi::CapRights;

use super::{Request, deliver};
use crate::cap::lookup;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::{Tcb, ThreadState};
use crate::sched;
use crate::trace::tracepoint;

#[inline(always)]
pub(super) fn handle(k: &Kernel, request: &Request) -> Option<Obj<Tcb>> {
    let sender = k.current();
    let length = request.info.register_words()?;
    tracepoint!(Lookup);
    let cap = lookup::slot_in_root(sender, request.cptr)?.raw();
    if let Some(cap) = cap.as_notification() {
        if !cap.rights.contains(CapRights::WRITE) {
            return None;
        }
        tracepoint!(Transfer);
        cap.notification.signal(k, cap.badge);
    } else {
        let cap = cap.as_endpoint()?;
        let (receiver, _) = cap.endpoint.waiting_receiver()?;
        if !cap.rights.contains(CapRights::WRITE) || sender.fault.get().is_some() {
            return None;
        }
        tracepoint!(Transfer);
        cap.endpoint.remove_head(receiver);
        deliver(request, length, cap.badge, receiver);
        receiver.set_state_only(ThreadState::Running);
        sched::possible_switch_to(k, receiver);
    }
    sched::schedule(k);
    sched::activate(k);
    Some(k.current())
}
