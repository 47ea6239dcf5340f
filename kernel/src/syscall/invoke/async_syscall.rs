//! Asynchronous system calls: registering rings on threads.

use rel4_abi::{AsyncInvocation as Op, CapRights, InvocationError};

use super::super::invocation::{Answer, Invocation, Outcome};
use crate::async_syscall::memory::RingMemory;
use crate::async_syscall::{self, Source};
use crate::cap::{Cap, derive};
use crate::obj::Obj;
use crate::object::Tcb;

pub(super) fn invoke_thread(inv: &Invocation<'_>, tcb: Obj<Tcb>) -> Outcome {
    match inv.async_operation() {
        Some(Op::RegisterRing) => register(inv, tcb),
        Some(Op::UnregisterRing) if tcb.ring.is_registered() => {
            async_syscall::unregister(inv.k, tcb);
            Ok(Answer::EMPTY)
        }
        _ => Err(InvocationError::IllegalOperation.into()),
    }
}

fn register(inv: &Invocation<'_>, tcb: Obj<Tcb>) -> Outcome {
    let [capacity] = inv.arguments()?;
    let (frame_slot, notification_slot) = (inv.extra_cap(0)?, inv.extra_cap(1)?);
    let frame = derive::derive(frame_slot, frame_slot.cap())?;
    let Cap::Frame(frame_cap) = frame else {
        return Err(InvocationError::InvalidCapability { index: 1 }.into());
    };
    let notification = notification_slot.cap();
    match notification {
        Cap::Notification(cap) if cap.rights.contains(CapRights::WRITE) => {}
        _ => return Err(InvocationError::InvalidCapability { index: 2 }.into()),
    }
    if tcb.rings().is_some() {
        return Err(InvocationError::IllegalOperation.into());
    }
    if RingMemory::in_frame(&frame_cap, 1).is_none() {
        return Err(InvocationError::InvalidCapability { index: 1 }.into());
    }
    if RingMemory::in_frame(&frame_cap, capacity).is_none() {
        let max = rel4_abi::async_syscall::max_capacity(u32::from(frame_cap.size.bits()));
        return Err(InvocationError::RangeError { min: 1, max }.into());
    }
    async_syscall::register(
        inv.k,
        tcb,
        capacity,
        Source { cap: frame, slot: frame_slot },
        Source { cap: notification, slot: notification_slot },
    );
    Ok(Answer::EMPTY)
}
