//! Faults of threads in a kernel without endpoints: registering who is told of them, answering them.

use rel4_abi::{CapRights, FaultInvocation as Op, InvocationError};

use super::super::invocation::{Answer, Invocation, Outcome};
use crate::cap::{Cap, derive};
use crate::fault::{self, Derived};
use crate::obj::Obj;
use crate::object::{Tcb, ThreadState};
use crate::sched;

pub(super) fn invoke_thread(inv: &Invocation<'_>, tcb: Obj<Tcb>) -> Outcome {
    match inv.fault_operation() {
        Some(Op::SetHandler) => set_handler(inv, tcb),
        Some(Op::ClearHandler) => {
            fault::clear_handler(inv.k, tcb)?;
            Ok(Answer::EMPTY)
        }
        Some(Op::Answer) => answer(inv, tcb),
        None => Err(InvocationError::IllegalOperation.into()),
    }
}

fn set_handler(inv: &Invocation<'_>, tcb: Obj<Tcb>) -> Outcome {
    let [index, word] = inv.arguments()?;
    let (notification, frame) = (inv.extra_cap(0)?, inv.extra_cap(1)?);
    match notification.cap() {
        Cap::Notification(cap) if cap.rights.contains(CapRights::WRITE) => {}
        _ => return Err(InvocationError::InvalidCapability { index: 1 }.into()),
    }
    let capacity = match frame.cap() {
        Cap::Frame(cap) => fault::capacity(&cap),
        _ => None,
    };
    let capacity = capacity.ok_or(InvocationError::InvalidCapability { index: 2 })?;
    if index >= capacity {
        return Err(InvocationError::RangeError { min: 0, max: capacity - 1 }.into());
    }
    let derived =
        |source| Ok::<_, InvocationError>(Derived { cap: derive::derive(source, source.cap())?, source });
    fault::set_handler(inv.k, tcb, &derived(notification)?, &derived(frame)?, index, word)?;
    Ok(Answer::EMPTY)
}

/// What a handler's answer does in seL4.
fn answer(inv: &Invocation<'_>, tcb: Obj<Tcb>) -> Outcome {
    let [verdict] = inv.arguments()?;
    let fault = tcb.fault.take().ok_or(InvocationError::IllegalOperation)?;
    let words = (1..inv.length).map(|index| inv.argument(index));
    if fault.apply_answer(tcb, verdict, words) {
        tcb.set_state(inv.k, ThreadState::Restart);
        sched::possible_switch_to(inv.k, tcb);
    } else {
        tcb.set_state(inv.k, ThreadState::Inactive);
    }
    Ok(Answer::EMPTY)
}
