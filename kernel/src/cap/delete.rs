//! Deletion and revocation.
//!
//! Deleting the last capability to a CNode or TCB deletes the capabilities in its slots first, which may delete further
//! objects. The kernel has one small stack and must stay pre-emptible, so it does not recurse: the dying object's capability
//! becomes a [`ZombieCap`] that counts the slots still to be emptied, and each pass of [`finalise`] takes one step.

use super::derivation;
use super::slot::Slot;
use super::{Cap, ZombieCap, ZombieKind};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::tcb::TCB_SLOTS_IN_USE;
use crate::object::{CNode, Notification, Tcb};
use crate::preempt::{Preempted, preemption_point};

/// Whether a deletion must empty its slot itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Exposure {
    /// The slot belongs to user space: it must end up empty.
    Exposed,
    /// The slot belongs to an object that is being torn down: a zombie may stay in it, the caller continues with that.
    Internal,
}

/// What is left to do once the slot of a finalised capability has been emptied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum CleanUp {
    Nothing,
    ReleaseIrq(u16),
}

/// Deletes the capability in `slot`; an empty slot is fine. On [`Preempted`] the slot may hold a zombie; calling again goes on.
pub fn delete(k: &Kernel, slot: Obj<Slot>) -> Result<(), Preempted> {
    delete_with(k, slot, Exposure::Exposed)
}

/// Deletes every capability derived from the one in `slot`, which stays.
pub fn revoke(k: &Kernel, slot: Obj<Slot>) -> Result<(), Preempted> {
    while let Some(child) = slot.next().filter(|&next| derivation::is_parent(slot, next)) {
        delete_with(k, child, Exposure::Exposed)?;
        preemption_point(k)?;
    }
    Ok(())
}

/// Deletes the reply capability in `slot`, if there is one: that is a single step.
#[inline(always)]
pub fn delete_reply(slot: Obj<Slot>) {
    debug_assert!(matches!(slot.cap(), Cap::Null | Cap::Reply(_)));
    if !slot.is_empty() {
        derivation::remove(slot);
    }
}

fn delete_with(k: &Kernel, slot: Obj<Slot>, exposure: Exposure) -> Result<(), Preempted> {
    if let Some(clean_up) = finalise(k, slot, exposure)? {
        empty(k, slot, clean_up);
    } else {
        debug_assert!(exposure == Exposure::Internal, "an exposed deletion always completes");
    }
    Ok(())
}

/// Works on `slot` until what it holds can be dropped (`Some`), or, for an internal slot, until it holds a zombie whose
/// slots include `slot` itself (`None`).
fn finalise(k: &Kernel, slot: Obj<Slot>, exposure: Exposure) -> Result<Option<CleanUp>, Preempted> {
    loop {
        let cap = slot.cap();
        if cap == Cap::Null {
            return Ok(Some(CleanUp::Nothing));
        }
        let is_final = derivation::is_final(slot);
        if is_final {
            release_waiters(k, cap)?;
        }
        let (rest, clean_up) = finalise_cap(k, cap, is_final);
        let zombie = match rest {
            Cap::Zombie(zombie) if !is_removable(&zombie, slot) => zombie,
            _ => return Ok(Some(clean_up)),
        };
        slot.set_cap(Cap::Zombie(zombie));
        if exposure == Exposure::Internal && is_cyclic(&zombie, slot) {
            return Ok(None);
        }
        reduce_zombie(k, slot, zombie, exposure)?;
        preemption_point(k)?;
    }
}

/// A zombie without slots left, or whose only slot left is the one it stands in.
fn is_removable(zombie: &ZombieCap, slot: Obj<Slot>) -> bool {
    match zombie.remaining {
        0 => true,
        1 => is_cyclic(zombie, slot),
        _ => false,
    }
}

/// Whether the zombie stands in its own first slot.
fn is_cyclic(zombie: &ZombieCap, slot: Obj<Slot>) -> bool {
    zombie.slots.slot(0) == slot
}

/// Empty slots that one step passes over at most, which takes about as long as emptying one that is not.
const EMPTY_SLOTS_PER_STEP: u64 = 16;

/// How many slots at the end of `zombie` one step finds empty.
fn empty_at_the_end(zombie: &ZombieCap) -> u64 {
    let most = zombie.remaining.min(EMPTY_SLOTS_PER_STEP);
    (0..most).take_while(|passed| zombie.slots.slot(zombie.remaining - 1 - passed).is_empty()).count() as u64
}

/// One step towards emptying the slots of `zombie`, which stands in `slot`.
fn reduce_zombie(
    k: &Kernel,
    slot: Obj<Slot>,
    zombie: ZombieCap,
    exposure: Exposure,
) -> Result<(), Preempted> {
    match exposure {
        Exposure::Exposed => {
            let passed = empty_at_the_end(&zombie);
            if passed > 0 {
                let remaining = zombie.remaining - passed;
                slot.set_cap(Cap::Zombie(ZombieCap { remaining, ..zombie }));
                return Ok(());
            }
            let last = zombie.slots.slot(zombie.remaining - 1);
            delete_with(k, last, Exposure::Internal)?;
            // Emptying the last slot may have changed this one: it was emptied, shrunk, or exchanged with the last slot.
            if let Cap::Zombie(now) = slot.cap()
                && now == zombie
            {
                debug_assert!(last.is_empty());
                slot.set_cap(Cap::Zombie(ZombieCap { remaining: zombie.remaining - 1, ..zombie }));
            }
        }
        // An internal slot hands its zombie over to that zombie's own first slot and takes what was there: the tree of
        // objects being torn down is turned inside out, step by step, instead of being walked recursively.
        Exposure::Internal => {
            let first = zombie.slots.slot(0);
            derivation::swap(first.cap(), first, slot.cap(), slot);
        }
    }
    Ok(())
}

fn empty(k: &Kernel, slot: Obj<Slot>, clean_up: CleanUp) {
    if slot.is_empty() {
        return;
    }
    derivation::remove(slot);
    if let CleanUp::ReleaseIrq(irq) = clean_up {
        crate::irq::release(k, irq);
    }
}

/// Lets go whatever waits for the object whose last capability this is, which can be any number of threads.
fn release_waiters(k: &Kernel, cap: Cap) -> Result<(), Preempted> {
    match cap {
        Cap::Endpoint(c) => {
            while c.endpoint.restart_first(k) {
                preemption_point(k)?;
            }
        }
        Cap::Notification(c) => release_notification(k, c.notification)?,
        #[cfg(feature = "uintr")]
        Cap::SenderPage(c) => release_notification(k, c.notification)?,
        Cap::IrqHandler(irq) => crate::irq::forget_handler(k, irq)?,
        _ => {}
    }
    Ok(())
}

fn release_notification(k: &Kernel, notification: Obj<Notification>) -> Result<(), Preempted> {
    notification.unbind(k);
    while notification.restart_first(k) {
        preemption_point(k)?;
    }
    Ok(())
}

/// Undoes what `cap` stands for; with its object's last capability (`is_final`) the object goes too. Returns what must stay in
/// the slot, if anything, and what to do after the slot is empty.
fn finalise_cap(k: &Kernel, cap: Cap, is_final: bool) -> (Cap, CleanUp) {
    match cap {
        Cap::CNode(c) if is_final => {
            return (zombie(c.node, c.node.slot_count(), ZombieKind::CNode), CleanUp::Nothing);
        }
        Cap::Thread(tcb) if is_final => {
            finalise_thread(k, tcb);
            return (zombie(Tcb::slots(tcb), TCB_SLOTS_IN_USE, ZombieKind::Tcb), CleanUp::Nothing);
        }
        Cap::Zombie(_) => return (cap, CleanUp::Nothing),
        Cap::IrqHandler(irq) if is_final => return (Cap::Null, CleanUp::ReleaseIrq(irq)),
        Cap::AsidPool(c) if is_final => k.asids.delete_pool(k, c),
        Cap::PageTable(c) if is_final => crate::vm::finalise_page_table(k, c),
        Cap::Frame(c) => crate::vm::unmap_frame(k, &c),
        #[cfg(feature = "uintr")]
        Cap::SenderPage(c) => crate::uintr::unmap_sender(k, &c),
        _ => {}
    }
    (Cap::Null, CleanUp::Nothing)
}

fn zombie(slots: CNode, remaining: u64, kind: ZombieKind) -> Cap {
    Cap::Zombie(ZombieCap { slots, remaining, kind })
}

fn finalise_thread(k: &Kernel, tcb: Obj<Tcb>) {
    crate::remote::stop(k, tcb);
    crate::object::tcb::suspend(k, tcb);
    #[cfg(feature = "async-syscall")]
    crate::async_syscall::forget(k, tcb);
    if let Some(notification) = tcb.bound_notification() {
        notification.unbind(k);
    }
    crate::arch::release_fpu(k, tcb);
    #[cfg(feature = "debug")]
    k.threads.remove(tcb);
}
