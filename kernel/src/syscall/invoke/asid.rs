//! ASIDControl: MakePool. ASIDPool: Assign.

use rel4_abi::lookup_failure::LookupFailure;
use rel4_abi::object::ASID_POOL_BITS;
use rel4_abi::{Invocation as Op, InvocationError, LookupSide};

use super::super::invocation::{Answer, Invocation, Outcome};
use super::empty_slot;
use crate::arch;
use crate::cap::{AsidPoolCap, Cap, Mapping, PageTableCap, derivation};
use crate::object::untyped;

pub(in super::super) fn invoke_control(inv: &Invocation<'_>) -> Outcome {
    if inv.operation() != Some(Op::RiscvAsidControlMakePool) {
        return Err(InvocationError::IllegalOperation.into());
    }
    let [index, depth] = inv.arguments()?;
    let (memory, root) = (inv.extra_cap(0)?, inv.extra_cap(1)?);
    let base = inv.k.asids.free_pool().ok_or(InvocationError::DeleteFirst)?;
    match memory.cap() {
        Cap::Untyped(cap) if u32::from(cap.size_bits) == ASID_POOL_BITS && !cap.device => {}
        _ => return Err(InvocationError::InvalidCapability { index: 1 }.into()),
    }
    if derivation::has_children(memory) {
        return Err(InvocationError::RevokeFirst.into());
    }
    let slot = empty_slot(root, index, depth)?;
    untyped::retype_as_asid_pool(inv.k, memory, base, slot);
    Ok(Answer::EMPTY)
}

pub(in super::super) fn invoke_pool(inv: &Invocation<'_>, pool: AsidPoolCap) -> Outcome {
    if inv.operation() != Some(Op::RiscvAsidPoolAssign) {
        return Err(InvocationError::IllegalOperation.into());
    }
    let slot = inv.extra_cap(0)?;
    let Cap::PageTable(PageTableCap { table, mapping: None }) = slot.cap() else {
        return Err(InvocationError::InvalidCapability { index: 1 }.into());
    };
    match inv.k.asids.pool(pool.base) {
        None => {
            let (side, failure) = (LookupSide::Target, LookupFailure::InvalidRoot);
            return Err(InvocationError::FailedLookup { side, failure }.into());
        }
        Some(registered) if registered != pool.pool => {
            return Err(InvocationError::InvalidCapability { index: 0 }.into());
        }
        Some(_) => {}
    }
    let asid = pool.pool.free_asid(pool.base).ok_or(InvocationError::DeleteFirst)?;
    arch::map_kernel(inv.k, table);
    pool.pool.assign(asid, table);
    slot.set_cap(Cap::PageTable(PageTableCap { table, mapping: Some(Mapping { asid, vaddr: 0 }) }));
    Ok(Answer::EMPTY)
}
