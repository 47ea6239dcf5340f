//! Carrying out a request of an asynchronous system call: the same decoding and the same operations as for a trap, on a private copy of the
//! message.

use rel4_abi::{CapRights, Invocation as Op, InvocationError, LookupSide, MessageInfo};

use super::invocation::{Answer, Invocation, Outcome, Stop};
use super::invoke;
use crate::async_syscall::request::Request;
use crate::cap::slot::Slot;
use crate::cap::{Cap, lookup};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::Tcb;
use crate::preempt::Preempted;
use crate::remote;

/// A request that was carried out, or refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Done {
    /// The tag of the answer, whose words are in the request.
    pub info: MessageInfo,
    /// What it may have changed.
    pub reach: Reach,
}

/// What a request may have changed that the one who serves the ring has to look at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// Nothing: no capability has gone.
    Contained,
    /// Capabilities may have gone, and with them the rings, or a thread.
    Capabilities,
}

/// Carries `request` out in the name of `caller`. Preempted, the request is to be carried out again.
#[inline(always)]
pub fn perform(k: &Kernel, caller: Obj<Tcb>, request: &Request) -> Result<Done, Preempted> {
    let refused = |error| Ok(Done { info: refusal(request, error), reach: Reach::Contained });
    let slot = match look_up(caller, request.cptr()) {
        Ok(slot) => slot,
        Err(error) => return refused(error),
    };
    let mut invocation = Invocation::of_request(k, caller, slot, request);
    for (index, &cptr) in request.extra_caps().iter().enumerate() {
        match look_up(caller, cptr) {
            Ok(slot) => invocation.pass(index, slot),
            Err(error) => return refused(error),
        }
    }
    dispatch(&invocation, request)
}

/// Answers a request of which `outcome` came.
#[inline(always)]
fn finish(request: &Request, outcome: Outcome, reach: Reach) -> Result<Done, Preempted> {
    let info = match outcome {
        Ok(Answer::Success { length }) => MessageInfo::new(rel4_abi::error::NO_ERROR, 0, 0, length),
        Err(Stop::Preempted) => return Err(Preempted),
        Err(Stop::Refused(error)) => refusal(request, error),
    };
    Ok(Done { info, reach })
}

#[inline(never)]
fn refusal(request: &Request, error: InvocationError) -> MessageInfo {
    let (words, length) = error.words();
    let length = request.set_answer(&words[..length]);
    MessageInfo::new(error.error().label(), 0, 0, length)
}

/// Where a trap would be a fault of the thread, a request is refused.
fn look_up(caller: Obj<Tcb>, cptr: u64) -> Result<Obj<Slot>, InvocationError> {
    lookup::slot_of_thread(caller, cptr)
        .map_err(|failure| InvocationError::FailedLookup { side: LookupSide::Source, failure })
}

/// What acts on memory, on capabilities or on a notification. Everything else is refused: it would block its caller, or is about the caller's
/// registers or the state that it is in.
#[inline(always)]
fn dispatch(inv: &Invocation<'_>, request: &Request) -> Result<Done, Preempted> {
    let cap = inv.slot.raw().decode();
    if let Cap::Frame(cap) = cap {
        return finish(request, invoke::frame::invoke(inv, cap), Reach::Contained);
    }
    // Whatever is not about mapping a page may give memory another use.
    remote::finish_flushes(inv.k);
    match cap {
        Cap::Notification(cap) if cap.rights.contains(CapRights::WRITE) => {
            cap.notification.signal(inv.k, cap.badge);
            finish(request, Ok(Answer::EMPTY), Reach::Contained)
        }
        Cap::CNode(_) if inv.operation() != Some(Op::CNodeSaveCaller) => {
            finish(request, invoke::cnode::invoke(inv), Reach::Capabilities)
        }
        Cap::Untyped(cap) => finish(request, invoke::untyped::invoke(inv, cap), Reach::Contained),
        Cap::PageTable(cap) if inv.operation().is_some() => {
            finish(request, invoke::page_table::invoke(inv, cap), Reach::Contained)
        }
        Cap::Null | Cap::Zombie(_) | Cap::Notification(_) => {
            finish(request, Err(InvocationError::InvalidCapability { index: 0 }.into()), Reach::Contained)
        }
        _ => finish(request, Err(InvocationError::IllegalOperation.into()), Reach::Contained),
    }
}
