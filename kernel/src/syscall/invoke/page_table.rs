//! PageTable: Map, Unmap.

use rel4_abi::vm::{LEAF_LEVEL_BITS, USER_TOP};
use rel4_abi::{Invocation as Op, InvocationError};

use super::super::invocation::{Answer, Invocation, Outcome};
use super::frame::address_space;
use crate::arch::Pte;
use crate::cap::{Cap, Mapping, PageTableCap, derivation};
use crate::remote;
use crate::vm::space;

pub(in super::super) fn invoke(inv: &Invocation<'_>, cap: PageTableCap) -> Outcome {
    match inv.operation() {
        Some(Op::RiscvPageTableMap) => map(inv, cap),
        Some(Op::RiscvPageTableUnmap) => unmap(inv, cap),
        #[cfg(feature = "uintr")]
        None => super::uintr::invoke_space(inv, cap),
        _ => Err(InvocationError::IllegalOperation.into()),
    }
}

fn map(inv: &Invocation<'_>, cap: PageTableCap) -> Outcome {
    let [vaddr, _attributes] = inv.arguments()?;
    let space_slot = inv.extra_cap(0)?;
    if cap.mapping.is_some() {
        return Err(InvocationError::InvalidCapability { index: 0 }.into());
    }
    let Cap::PageTable(PageTableCap { table: root, mapping: Some(Mapping { asid, .. }) }) = space_slot.cap()
    else {
        return Err(InvocationError::InvalidCapability { index: 1 }.into());
    };
    if vaddr >= USER_TOP {
        return Err(InvocationError::InvalidArgument { index: 0 }.into());
    }
    address_space(inv.k, root, asid)?;
    let walk = space::walk(root, vaddr);
    if walk.bits == LEAF_LEVEL_BITS || walk.entry.get().is_valid() {
        return Err(InvocationError::DeleteFirst.into());
    }
    let vaddr = vaddr & !((1 << walk.bits) - 1);
    inv.slot.set_cap(Cap::PageTable(PageTableCap { mapping: Some(Mapping { asid, vaddr }), ..cap }));
    walk.entry.set(Pte::to_table(cap.table));
    remote::flush_asid(inv.k, asid);
    Ok(Answer::EMPTY)
}

fn unmap(inv: &Invocation<'_>, cap: PageTableCap) -> Outcome {
    if !derivation::is_final(inv.slot) {
        return Err(InvocationError::RevokeFirst.into());
    }
    if let Some(Mapping { asid, vaddr }) = cap.mapping {
        if inv.k.asids.root(asid) == Some(cap.table) {
            return Err(InvocationError::RevokeFirst.into());
        }
        space::unmap_table(inv.k, asid, vaddr, cap.table);
        cap.table.clear();
    }
    inv.slot.set_cap(Cap::PageTable(PageTableCap { mapping: None, ..cap }));
    Ok(Answer::EMPTY)
}
