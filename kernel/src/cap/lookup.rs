//! From a capability address to a slot.

use rel4_abi::cptr::WORD_BITS;
use rel4_abi::lookup_failure::LookupFailure;
use rel4_abi::{InvocationError, LookupSide};

use super::slot::Slot;
use super::{CNodeCap, Cap};
use crate::obj::Obj;
use crate::object::Tcb;

/// A slot and the low address bits that were not needed to reach it.
#[derive(Clone, Copy, Debug)]
pub struct Resolved {
    /// The slot that was reached.
    pub slot: Obj<Slot>,
    /// How many low bits of the address remain.
    pub bits_left: u32,
}

/// Walks the CNodes from `root` along the low `depth` bits of `address`, until the bits are used up or the next capability
/// is no CNode.
#[inline]
pub fn resolve(root: Cap, address: u64, depth: u32) -> Result<Resolved, LookupFailure> {
    let Cap::CNode(mut node) = root else { return Err(LookupFailure::InvalidRoot) };
    let mut bits_left = depth;
    loop {
        let guard_size = u32::from(node.guard_size);
        let radix = u32::from(node.node.radix());
        let guard_mismatch = LookupFailure::GuardMismatch {
            bits_left: u64::from(bits_left),
            guard_found: node.guard,
            bits_found: u64::from(guard_size),
        };
        if guard_size > bits_left {
            return Err(guard_mismatch);
        }
        // Shifts by 64 are asked for here (an empty guard in front of all 64 bits); they must give 0.
        let behind_guard = address.checked_shr(bits_left - guard_size).unwrap_or(0);
        if behind_guard & low_bits(guard_size) != node.guard {
            return Err(guard_mismatch);
        }
        let level_bits = guard_size + radix;
        if level_bits > bits_left {
            return Err(LookupFailure::DepthMismatch {
                bits_left: u64::from(bits_left),
                bits_found: u64::from(level_bits),
            });
        }
        bits_left -= level_bits;
        let slot = node.node.slot((address >> bits_left) & low_bits(radix));
        if bits_left == 0 {
            return Ok(Resolved { slot, bits_left });
        }
        match slot.cap() {
            Cap::CNode(next) => node = next,
            _ => return Ok(Resolved { slot, bits_left }),
        }
    }
}

const fn low_bits(count: u32) -> u64 {
    if count >= u64::BITS { u64::MAX } else { (1 << count) - 1 }
}

/// The slot that a thread names in a system call. Address bits left over are ignored, as in seL4.
#[inline]
pub fn slot_of_thread(thread: Obj<Tcb>, address: u64) -> Result<Obj<Slot>, LookupFailure> {
    match slot_in_root(thread, address) {
        Some(slot) => Ok(slot),
        None => slot_behind_root(thread, address),
    }
}

/// The slot that a thread names in a system call, if the root of its capability space is a CNode that resolves whole addresses,
/// as in most spaces, and the guard agrees.
#[inline(always)]
pub fn slot_in_root(thread: Obj<Tcb>, address: u64) -> Option<Obj<Slot>> {
    let root = thread.cspace_root().raw();
    let CNodeCap { node, guard, .. } = root.as_cnode()?;
    if root.resolves_words() { node.slot_behind_guard(address, guard) } else { None }
}

/// The general case of [`slot_of_thread`].
#[inline(never)]
fn slot_behind_root(thread: Obj<Tcb>, address: u64) -> Result<Obj<Slot>, LookupFailure> {
    resolve(thread.cspace_root().cap(), address, WORD_BITS).map(|resolved| resolved.slot)
}

/// The slot that a CNode operation names by root, index and depth: exactly `depth` bits must be used up.
pub fn slot_at_depth(
    root: Cap,
    index: u64,
    depth: u64,
    side: LookupSide,
) -> Result<Obj<Slot>, InvocationError> {
    let failed = |failure| InvocationError::FailedLookup { side, failure };
    if !matches!(root, Cap::CNode(_)) {
        return Err(failed(LookupFailure::InvalidRoot));
    }
    let word_bits = u64::from(WORD_BITS);
    if depth < 1 || depth > word_bits {
        return Err(InvocationError::RangeError { min: 1, max: word_bits });
    }
    let resolved = resolve(root, index, depth as u32).map_err(failed)?;
    if resolved.bits_left != 0 {
        let bits_left = u64::from(resolved.bits_left);
        return Err(failed(LookupFailure::DepthMismatch { bits_left, bits_found: 0 }));
    }
    Ok(resolved.slot)
}
