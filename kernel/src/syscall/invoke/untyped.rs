//! Untyped: Retype.

use rel4_abi::lookup_failure::LookupFailure;
use rel4_abi::object::{MAX_UNTYPED_BITS, MIN_UNTYPED_BITS, RETYPE_FAN_OUT_LIMIT};
use rel4_abi::{Invocation as Op, InvocationError, LookupSide, ObjectType};

use super::super::invocation::{Answer, Invocation, Outcome};
use crate::cap::{CNodeCap, Cap, UntypedCap, derivation, lookup};
use crate::ipc;
use crate::object::untyped::{self, Retype};

pub(in super::super) fn invoke(inv: &Invocation<'_>, cap: UntypedCap) -> Outcome {
    if inv.operation() != Some(Op::UntypedRetype) {
        return Err(InvocationError::IllegalOperation.into());
    }
    let [object_type, size_bits, node_index, node_depth, offset, count] = inv.arguments::<6>()?;
    let root = inv.extra_cap(0)?;

    let object_type = ObjectType::decode(object_type)
        .filter(|&object_type| ipc::IS_PRESENT || object_type != ObjectType::Endpoint)
        .ok_or(InvocationError::InvalidArgument { index: 0 })?;
    let too_large = InvocationError::RangeError { min: 0, max: u64::from(MAX_UNTYPED_BITS) };
    let size_bits = u32::try_from(size_bits).ok().filter(|&bits| bits < u64::BITS).ok_or(too_large)?;
    let object_bits = object_type.size_bits(size_bits);
    if object_bits > MAX_UNTYPED_BITS {
        return Err(too_large.into());
    }
    let too_small = match object_type {
        ObjectType::CNode => size_bits == 0,
        ObjectType::Untyped => size_bits < MIN_UNTYPED_BITS,
        _ => false,
    };
    if too_small {
        return Err(InvocationError::InvalidArgument { index: 1 }.into());
    }

    let node = if node_depth == 0 {
        root.cap()
    } else {
        lookup::slot_at_depth(root.cap(), node_index, node_depth, LookupSide::Target)?.cap()
    };
    let Cap::CNode(CNodeCap { node, .. }) = node else {
        let failure = LookupFailure::MissingCapability { bits_left: node_depth };
        return Err(InvocationError::FailedLookup { side: LookupSide::Target, failure }.into());
    };
    if offset >= node.slot_count() {
        return Err(InvocationError::RangeError { min: 0, max: node.slot_count() - 1 }.into());
    }
    if !(1..=RETYPE_FAN_OUT_LIMIT).contains(&count) {
        return Err(InvocationError::RangeError { min: 1, max: RETYPE_FAN_OUT_LIMIT }.into());
    }
    if count > node.slot_count() - offset {
        return Err(InvocationError::RangeError { min: 1, max: node.slot_count() - offset }.into());
    }
    if (offset..offset + count).any(|index| !node.slot(index).is_empty()) {
        return Err(InvocationError::DeleteFirst.into());
    }

    // Without children nothing of the memory is in use any more: it starts anew, cleared.
    let starts_anew = !derivation::has_children(inv.slot);
    let used = if starts_anew { 0 } else { cap.watermark };
    let bytes_free = cap.size() - used;
    if bytes_free >> object_bits < count {
        return Err(InvocationError::NotEnoughMemory { bytes_free }.into());
    }
    if cap.device && !(object_type.is_frame() || object_type == ObjectType::Untyped) {
        return Err(InvocationError::InvalidArgument { index: 1 }.into());
    }

    if starts_anew {
        untyped::reset(inv.k, inv.slot)?;
    }
    untyped::retype(
        inv.k,
        inv.slot,
        &Retype { object_type, size_bits: size_bits as u8, node, offset, count },
    );
    Ok(Answer::EMPTY)
}
