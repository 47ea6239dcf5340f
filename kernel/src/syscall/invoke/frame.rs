//! Frame: Map (and remap), Unmap, GetAddress.

use rel4_abi::lookup_failure::LookupFailure;
use rel4_abi::vm::USER_TOP;
use rel4_abi::{CapRights, Invocation as Op, InvocationError, LookupSide, VmAttributes};

use super::super::invocation::{Answer, Invocation, Outcome};
use crate::arch::{self, Execute, PageTable, Pte};
use crate::cap::{Cap, FrameCap, Mapping, PageTableCap};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::remote;
use crate::vm::{Asid, space};

pub(in super::super) fn invoke(inv: &Invocation<'_>, cap: FrameCap) -> Outcome {
    match inv.operation() {
        Some(Op::RiscvPageMap) => map(inv, cap),
        Some(Op::RiscvPageUnmap) => {
            space::unmap_frame(inv.k, &cap);
            inv.slot.set_cap(Cap::Frame(FrameCap { mapping: None, ..cap }));
            Ok(Answer::EMPTY)
        }
        Some(Op::RiscvPageGetAddress) => Ok(inv.answer(&[cap.base.0])),
        _ => Err(InvocationError::IllegalOperation.into()),
    }
}

/// Checks that `root` is the root table of `asid`.
pub(super) fn address_space(k: &Kernel, root: Obj<PageTable>, asid: Asid) -> Result<(), InvocationError> {
    match k.asids.root(asid) {
        None => {
            let (side, failure) = (LookupSide::Target, LookupFailure::InvalidRoot);
            Err(InvocationError::FailedLookup { side, failure })
        }
        Some(registered) if registered != root => Err(InvocationError::InvalidCapability { index: 1 }),
        Some(_) => Ok(()),
    }
}

fn map(inv: &Invocation<'_>, cap: FrameCap) -> Outcome {
    let [vaddr, rights, attributes] = inv.arguments()?;
    let space_slot = inv.extra_cap(0)?;
    let Some(PageTableCap { table: root, mapping: Some(Mapping { asid, .. }) }) =
        space_slot.raw().as_page_table()
    else {
        return Err(InvocationError::InvalidCapability { index: 1 }.into());
    };
    address_space(inv.k, root, asid)?;
    // As in seL4 the end may wrap; such an address is not aligned.
    if vaddr.wrapping_add(cap.size.bytes() - 1) >= USER_TOP {
        return Err(InvocationError::InvalidArgument { index: 0 }.into());
    }
    if !vaddr.is_multiple_of(cap.size.bytes()) {
        return Err(InvocationError::AlignmentError.into());
    }
    let walk = space::walk(root, vaddr);
    if walk.bits != u32::from(cap.size.bits()) {
        let failure = LookupFailure::MissingCapability { bits_left: u64::from(walk.bits) };
        return Err(InvocationError::FailedLookup { side: LookupSide::Target, failure }.into());
    }
    match cap.mapping {
        Some(mapping) if mapping.asid != asid => {
            return Err(InvocationError::InvalidCapability { index: 1 }.into());
        }
        Some(mapping) if mapping.vaddr != vaddr => {
            return Err(InvocationError::InvalidArgument { index: 0 }.into());
        }
        // A remap overwrites whatever is there.
        Some(_) => {}
        None if walk.entry.get().is_valid() => return Err(InvocationError::DeleteFirst.into()),
        None => {}
    }
    let rights = cap.rights.masked(CapRights::from_word(rights));
    let execute =
        if VmAttributes::from_word(attributes).execute_never() { Execute::Never } else { Execute::Allowed };
    inv.slot.set_cap(Cap::Frame(FrameCap { mapping: Some(Mapping { asid, vaddr }), ..cap }));
    walk.entry.set(Pte::user_leaf(cap.base, rights, execute, arch::USER_PRIVILEGE));
    remote::flush_page(inv.k, vaddr, asid);
    Ok(Answer::EMPTY)
}
