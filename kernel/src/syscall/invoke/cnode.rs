//! CNode: Copy, Mint, Move, Mutate, Rotate, Delete, Revoke, CancelBadgedSends, SaveCaller.

use rel4_abi::lookup_failure::LookupFailure;
use rel4_abi::{CapRights, Invocation as Op, InvocationError, LookupSide};

use super::super::invocation::{Answer, Invocation, Outcome};
use crate::cap::derive::{self, DataUpdate};
use crate::cap::slot::Slot;
use crate::cap::{Cap, delete, derivation, lookup};
use crate::ipc;
use crate::obj::Obj;

pub(in super::super) fn invoke(inv: &Invocation<'_>) -> Outcome {
    let operation =
        inv.operation().filter(|op| is_cnode_operation(*op)).ok_or(InvocationError::IllegalOperation)?;
    let [index, depth] = inv.arguments::<2>()?;
    let target = lookup::slot_at_depth(inv.slot.cap(), index, depth, LookupSide::Target)?;
    match operation {
        Op::CNodeDelete => delete::delete(inv.k, target)?,
        Op::CNodeRevoke => delete::revoke(inv.k, target)?,
        Op::CNodeCancelBadgedSends => cancel_badged_sends(inv, target)?,
        Op::CNodeSaveCaller => save_caller(inv, target)?,
        Op::CNodeRotate => rotate(inv, target)?,
        _ => insert(inv, operation, target)?,
    }
    Ok(Answer::EMPTY)
}

fn is_cnode_operation(operation: Op) -> bool {
    match operation {
        Op::CNodeRevoke
        | Op::CNodeDelete
        | Op::CNodeCopy
        | Op::CNodeMint
        | Op::CNodeMove
        | Op::CNodeMutate
        | Op::CNodeRotate => true,
        Op::CNodeCancelBadgedSends | Op::CNodeSaveCaller => ipc::IS_PRESENT,
        _ => false,
    }
}

fn missing(side: LookupSide, bits_left: u64) -> InvocationError {
    InvocationError::FailedLookup { side, failure: LookupFailure::MissingCapability { bits_left } }
}

fn not_null(cap: Cap) -> Result<Cap, InvocationError> {
    if cap == Cap::Null { Err(InvocationError::IllegalOperation) } else { Ok(cap) }
}

/// Copy, Mint, Move and Mutate.
fn insert(inv: &Invocation<'_>, operation: Op, target: Obj<Slot>) -> Result<(), InvocationError> {
    let [_, _, source_index, source_depth] = inv.arguments::<4>()?;
    let source_root = inv.extra_cap(0)?;
    if !target.is_empty() {
        return Err(InvocationError::DeleteFirst);
    }
    let source = lookup::slot_at_depth(source_root.cap(), source_index, source_depth, LookupSide::Source)?;
    if source.is_empty() {
        return Err(missing(LookupSide::Source, source_depth));
    }
    let cap = source.cap();
    match operation {
        Op::CNodeCopy => {
            let [.., rights] = inv.arguments::<5>()?;
            let cap = derive::mask_rights(cap, CapRights::from_word(rights));
            derivation::insert(not_null(derive::derive(source, cap)?)?, source, target);
        }
        Op::CNodeMint => {
            let [.., rights, data] = inv.arguments::<6>()?;
            let cap = derive::mask_rights(cap, CapRights::from_word(rights));
            let cap = derive::update_data(cap, data, DataUpdate::Mint);
            derivation::insert(not_null(derive::derive(source, cap)?)?, source, target);
        }
        Op::CNodeMutate => {
            let [.., data] = inv.arguments::<5>()?;
            let cap = not_null(derive::update_data(cap, data, DataUpdate::Mutate))?;
            derivation::move_cap(cap, source, target);
        }
        _ => derivation::move_cap(cap, source, target),
    }
    Ok(())
}

/// The pivot moves to the target and the source to the pivot; with source and target the same slot, the two are exchanged.
fn rotate(inv: &Invocation<'_>, target: Obj<Slot>) -> Result<(), InvocationError> {
    let [_, _, pivot_data, pivot_index, pivot_depth, source_data, source_index, source_depth] =
        inv.arguments::<8>()?;
    let (pivot_root, source_root) = (inv.extra_cap(0)?, inv.extra_cap(1)?);
    let source = lookup::slot_at_depth(source_root.cap(), source_index, source_depth, LookupSide::Source)?;
    let pivot = lookup::slot_at_depth(pivot_root.cap(), pivot_index, pivot_depth, LookupSide::Source)?;
    if pivot == source || pivot == target {
        return Err(InvocationError::IllegalOperation);
    }
    if source != target && !target.is_empty() {
        return Err(InvocationError::DeleteFirst);
    }
    if source.is_empty() {
        return Err(missing(LookupSide::Source, source_depth));
    }
    if pivot.is_empty() {
        return Err(missing(LookupSide::Target, pivot_depth));
    }
    let source_cap = not_null(derive::update_data(source.cap(), source_data, DataUpdate::Mutate))?;
    let pivot_cap = not_null(derive::update_data(pivot.cap(), pivot_data, DataUpdate::Mutate))?;
    if source == target {
        derivation::swap(source_cap, source, pivot_cap, pivot);
    } else {
        derivation::move_cap(pivot_cap, pivot, target);
        derivation::move_cap(source_cap, source, pivot);
    }
    Ok(())
}

fn cancel_badged_sends(inv: &Invocation<'_>, target: Obj<Slot>) -> Result<(), InvocationError> {
    match target.cap() {
        Cap::Endpoint(cap) if cap.rights == CapRights::ALL => {
            if cap.badge != 0 {
                cap.endpoint.cancel_badged_sends(inv.k, cap.badge);
            }
            Ok(())
        }
        _ => Err(InvocationError::IllegalOperation),
    }
}

fn save_caller(inv: &Invocation<'_>, target: Obj<Slot>) -> Result<(), InvocationError> {
    if !target.is_empty() {
        return Err(InvocationError::DeleteFirst);
    }
    ipc::save_caller(inv.caller, target);
    Ok(())
}
