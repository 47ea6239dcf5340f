//! Carrying out a request of an asynchronous system call: the same decoding and the same operations as for a trap, on a private copy of the
//! message.

use rel4_abi::{CapRights, Invocation as Op, InvocationError, LookupSide, MessageInfo};

use super::invocation::{Answer, Invocation, Outcome, Stop};
use super::invoke;
use crate::async_syscall::request::Request;
use crate::cap::slot::Slot;
use crate::cap::{Cap, lookup};
use crate::ipc::message;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::Tcb;
use crate::preempt::Preempted;
use crate::remote;

/// Carries `request` out in the name of `caller`. Returns the tag of the answer, whose words are in the request. Preempted, the request is to be
/// carried out again.
pub fn perform(k: &Kernel, caller: Obj<Tcb>, request: &Request) -> Result<MessageInfo, Preempted> {
    let error = match attempt(k, caller, request) {
        Ok(Answer::Success { length }) => {
            return Ok(MessageInfo::new(rel4_abi::error::NO_ERROR, 0, 0, length));
        }
        Err(Stop::Preempted) => return Err(Preempted),
        Err(Stop::Refused(error)) => error,
    };
    let (words, length) = error.words();
    let length = request.set_answer(&words[..length]);
    Ok(MessageInfo::new(error.error().label(), 0, 0, length))
}

fn attempt(k: &Kernel, caller: Obj<Tcb>, request: &Request) -> Outcome {
    let slot = look_up(caller, request.cptr())?;
    let mut extra_caps = message::NO_EXTRA_CAPS;
    for (cap, &cptr) in extra_caps.iter_mut().zip(request.extra_caps()) {
        *cap = Some(look_up(caller, cptr)?);
    }
    dispatch(&Invocation::of_request(k, caller, slot, extra_caps, request))
}

/// Where a trap would be a fault of the thread, a request is refused.
fn look_up(caller: Obj<Tcb>, cptr: u64) -> Result<Obj<Slot>, InvocationError> {
    lookup::slot_of_thread(caller, cptr)
        .map_err(|failure| InvocationError::FailedLookup { side: LookupSide::Source, failure })
}

/// What acts on memory, on capabilities or on a notification. Everything else is refused: it would block its caller, or is about the caller's
/// registers or the state that it is in.
fn dispatch(inv: &Invocation<'_>) -> Outcome {
    let operation = inv.operation();
    let cap = inv.slot.raw().decode();
    if !matches!(cap, Cap::Frame(_)) {
        // Whatever is not about mapping a page may give memory another use.
        remote::finish_flushes(inv.k);
    }
    match cap {
        Cap::Notification(cap) if cap.rights.contains(CapRights::WRITE) => {
            cap.notification.signal(inv.k, cap.badge);
            Ok(Answer::EMPTY)
        }
        Cap::Null | Cap::Zombie(_) | Cap::Notification(_) => {
            Err(InvocationError::InvalidCapability { index: 0 }.into())
        }
        Cap::Untyped(cap) => invoke::untyped::invoke(inv, cap),
        Cap::CNode(_) if operation != Some(Op::CNodeSaveCaller) => invoke::cnode::invoke(inv),
        Cap::PageTable(cap) if operation.is_some() => invoke::page_table::invoke(inv, cap),
        Cap::Frame(cap) => invoke::frame::invoke(inv, cap),
        _ => Err(InvocationError::IllegalOperation.into()),
    }
}
