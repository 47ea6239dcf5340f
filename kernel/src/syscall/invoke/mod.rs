//! The operations of kernel objects, one file per object. Each checks in the order that the ABI lays down, then acts.

pub(super) mod asid;
#[cfg(feature = "async-syscall")]
mod async_syscall;
pub(super) mod cnode;
pub(super) mod domain;
pub(super) mod frame;
pub(super) mod irq;
pub(super) mod page_table;
pub(super) mod tcb;
#[cfg(feature = "uintr")]
pub(super) mod uintr;
pub(super) mod untyped;

use rel4_abi::{InvocationError, LookupSide};

use crate::cap::lookup;
use crate::cap::slot::Slot;
use crate::obj::Obj;

/// The empty slot that an operation puts a new capability into.
fn empty_slot(root: Obj<Slot>, index: u64, depth: u64) -> Result<Obj<Slot>, InvocationError> {
    let slot = lookup::slot_at_depth(root.cap(), index, depth, LookupSide::Target)?;
    if slot.is_empty() { Ok(slot) } else { Err(InvocationError::DeleteFirst) }
}
