//! Recv of a thread that waits for its interrupt file.

use rel4_abi::CapRights;

use super::Request;
use crate::cap::lookup;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::{Tcb, ThreadState};
use crate::sched;
use crate::trace::tracepoint;
use crate::uintr;

#[inline(always)]
pub(super) fn handle(k: &Kernel, request: &Request) -> Option<Obj<Tcb>> {
    let sleeper = k.current();
    if !uintr::is_registered(sleeper) {
        return None;
    }
    // Early, since across harts there often is none, and then nothing should have been spent.
    let next = sched::next(k)?;
    tracepoint!(Lookup);
    let cap = lookup::slot_in_root(sleeper, request.cptr)?.raw().as_notification()?;
    let notification = cap.notification;
    if !cap.rights.contains(CapRights::READ) || sleeper.bound_notification() != Some(notification) {
        return None;
    }
    if notification.is_active() || uintr::is_pending(sleeper) {
        return None;
    }

    tracepoint!(Transfer);
    if let Some(bits) = uintr::arm_registered(sleeper) {
        sleeper.context.set_badge(bits);
        return Some(sleeper);
    }
    sleeper.set_state_only(ThreadState::BlockedOnNotification(notification));
    notification.push_only_waiter(sleeper);
    sched::run_next(k, next);
    sched::activate(k);
    // The next thread may well have a lower priority.
    #[cfg(feature = "async-syscall")]
    crate::async_syscall::follow(k);
    Some(next.thread)
}
