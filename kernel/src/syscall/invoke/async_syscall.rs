//! Asynchronous system calls: registering rings on threads.

use rel4_abi::{AsyncInvocation as Op, CapRights, InvocationError};

use super::super::invocation::{Answer, Invocation, Outcome};
use super::uintr::{Place, map_page};
use crate::arch;
use crate::async_syscall::memory::RingMemory;
use crate::async_syscall::{self, Source};
use crate::cap::{Cap, Mapping, PageTableCap, SenderPageCap, derive};
use crate::config::MAX_HARTS;
use crate::obj::Obj;
use crate::object::Tcb;
use crate::uintr::FileId;

pub(super) fn invoke_thread(inv: &Invocation<'_>, tcb: Obj<Tcb>) -> Outcome {
    match inv.async_operation() {
        Some(Op::RegisterRing) => register(inv, tcb),
        Some(Op::UnregisterRing) if tcb.holds_rings() => {
            async_syscall::unregister(inv.k, tcb)?;
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
    // What is left of rings whose capabilities were taken away.
    async_syscall::unregister(inv.k, tcb)?;
    async_syscall::register(
        inv.k,
        tcb,
        capacity,
        Source { cap: frame, slot: frame_slot },
        Source { cap: notification, slot: notification_slot },
    )
    .ok_or(InvocationError::NotEnoughMemory { bytes_free: 0 })?;
    Ok(Answer::EMPTY)
}

/// Maps the doorbell of a hart. Its capability descends from the notification's in the TCB, so it goes with the thread's rings.
pub(super) fn map_doorbell(inv: &Invocation<'_>, space_cap: PageTableCap) -> Outcome {
    let [vaddr, index, depth, hart] = inv.arguments()?;
    let (thread, root) = (inv.extra_cap(0)?, inv.extra_cap(1)?);
    let PageTableCap { table, mapping: Some(Mapping { asid, .. }) } = space_cap else {
        return Err(InvocationError::InvalidCapability { index: 0 }.into());
    };
    let Cap::Thread(tcb) = thread.cap() else {
        return Err(InvocationError::InvalidCapability { index: 1 }.into());
    };
    let source = tcb.ring_notification_slot();
    let notification = tcb.rings().and(source.raw().as_notification());
    let notification = notification.ok_or(InvocationError::IllegalOperation)?;
    let hart = usize::try_from(hart).ok().filter(|&hart| hart < MAX_HARTS);
    let hart = hart.ok_or(InvocationError::RangeError { min: 0, max: MAX_HARTS as u64 - 1 })?;
    if arch::interrupt_files(inv.k) < arch::DOORBELL_FILE {
        return Err(InvocationError::IllegalOperation.into());
    }
    let page = SenderPageCap {
        notification: notification.notification,
        is_badged: notification.badge != 0,
        file: FileId { hart, number: arch::DOORBELL_FILE },
        mapping: Mapping { asid, vaddr },
    };
    map_page(inv, table, page, source, Place { root, index, depth })
}
