//! U-notifications: registering receivers on threads and senders in address spaces.

use rel4_abi::lookup_failure::LookupFailure;
use rel4_abi::object::PAGE_BITS;
use rel4_abi::vm::USER_TOP;
use rel4_abi::{CapRights, InvocationError, LookupSide, UintrInvocation as Op};

use super::super::invocation::{Answer, Invocation, Outcome};
use super::empty_slot;
use super::frame::address_space;
use crate::arch::{self, Execute, PageTable, Pte};
use crate::cap::slot::Slot;
use crate::cap::{Cap, Mapping, PageTableCap, SenderPageCap, derivation};
use crate::obj::Obj;
use crate::object::Tcb;
use crate::remote;
use crate::uintr;
use crate::vm::{VmRights, space};

pub(super) fn invoke_thread(inv: &Invocation<'_>, tcb: Obj<Tcb>) -> Outcome {
    match inv.uintr_operation() {
        Some(Op::RegisterReceiver) => register_receiver(inv, tcb),
        Some(Op::Unregister) if uintr::is_registered(tcb) => {
            uintr::unregister(inv.k, tcb);
            Ok(Answer::EMPTY)
        }
        #[cfg(feature = "async-syscall")]
        None => super::async_syscall::invoke_thread(inv, tcb),
        _ => Err(InvocationError::IllegalOperation.into()),
    }
}

fn register_receiver(inv: &Invocation<'_>, tcb: Obj<Tcb>) -> Outcome {
    let [entry] = inv.arguments()?;
    let Cap::Notification(cap) = inv.extra_cap(0)?.cap() else {
        return Err(InvocationError::InvalidCapability { index: 1 }.into());
    };
    if !cap.rights.contains(CapRights::READ) {
        return Err(InvocationError::InvalidCapability { index: 1 }.into());
    }
    if !entry.is_multiple_of(4) {
        return Err(InvocationError::AlignmentError.into());
    }
    if tcb.bound_notification() != Some(cap.notification) || uintr::is_registered(tcb) {
        return Err(InvocationError::IllegalOperation.into());
    }
    uintr::register(inv.k, tcb, entry).ok_or(InvocationError::NotEnoughMemory { bytes_free: 0 })?;
    Ok(Answer::EMPTY)
}

pub(super) fn invoke_space(inv: &Invocation<'_>, space_cap: PageTableCap) -> Outcome {
    #[cfg(feature = "async-syscall")]
    if inv.async_operation() == Some(rel4_abi::AsyncInvocation::MapDoorbell) {
        return super::async_syscall::map_doorbell(inv, space_cap);
    }
    if inv.uintr_operation() != Some(Op::RegisterSender) {
        return Err(InvocationError::IllegalOperation.into());
    }
    let [vaddr, index, depth] = inv.arguments()?;
    let (source, root) = (inv.extra_cap(0)?, inv.extra_cap(1)?);
    let PageTableCap { table, mapping: Some(Mapping { asid, .. }) } = space_cap else {
        return Err(InvocationError::InvalidCapability { index: 0 }.into());
    };
    let Cap::Notification(cap) = source.cap() else {
        return Err(InvocationError::InvalidCapability { index: 1 }.into());
    };
    if !cap.rights.contains(CapRights::WRITE) {
        return Err(InvocationError::InvalidCapability { index: 1 }.into());
    }
    let file = cap.notification.bound_thread().and_then(uintr::file_of);
    let file = file.ok_or(InvocationError::IllegalOperation)?;
    let page = SenderPageCap {
        notification: cap.notification,
        is_badged: cap.badge != 0,
        file,
        mapping: Mapping { asid, vaddr },
    };
    map_page(inv, table, page, source, Place { root, index, depth })
}

/// The slot for the capability of a page.
pub(super) struct Place {
    pub(super) root: Obj<Slot>,
    pub(super) index: u64,
    pub(super) depth: u64,
}

/// Maps the page of an interrupt file, in the address space of `table`, as `page` says; its capability descends from that in `source`.
pub(super) fn map_page(
    inv: &Invocation<'_>,
    table: Obj<PageTable>,
    page: SenderPageCap,
    source: Obj<Slot>,
    Place { root, index, depth }: Place,
) -> Outcome {
    let Mapping { asid, vaddr } = page.mapping;
    address_space(inv.k, table, asid)?;
    if vaddr >= USER_TOP {
        return Err(InvocationError::InvalidArgument { index: 0 }.into());
    }
    if !vaddr.is_multiple_of(1 << PAGE_BITS) {
        return Err(InvocationError::AlignmentError.into());
    }
    let walk = space::walk(table, vaddr);
    if walk.bits != PAGE_BITS {
        let failure = LookupFailure::MissingCapability { bits_left: u64::from(walk.bits) };
        return Err(InvocationError::FailedLookup { side: LookupSide::Target, failure }.into());
    }
    let slot = empty_slot(root, index, depth)?;
    if walk.entry.get().is_valid() {
        return Err(InvocationError::DeleteFirst.into());
    }
    walk.entry.set(Pte::user_leaf(
        page.file.page(inv.k),
        VmRights::ReadWrite,
        Execute::Never,
        arch::USER_PRIVILEGE,
    ));
    remote::flush_page(inv.k, vaddr, asid);
    derivation::insert(Cap::SenderPage(page), source, slot);
    Ok(Answer::EMPTY)
}
