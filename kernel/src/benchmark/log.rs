//! The log of kernel entries, in a frame that user space gives.
//!
//! The kernel holds a copy of the frame's capability, derived like any other: revoking what it is derived from ends the log.
#![allow(unsafe_code, reason = "writes user memory through the kernel's own window")]

use core::cell::Cell;

use rel4_abi::InvocationError;
use rel4_abi::benchmark::{KernelEntry, LOG_ENTRIES, LogEntry};

use crate::arch::{self, PhysAddr};
use crate::cap::slot::Slot;
use crate::cap::{Cap, FrameCap, delete, derivation};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::vm::{FrameSize, VmRights};

/// Where the log is, and how long.
pub struct Log {
    frame: Slot,
    length: Cell<u64>,
}

impl Log {
    /// Nothing is logged.
    pub const fn none() -> Self {
        Self { frame: Slot::empty(), length: Cell::new(0) }
    }
}

/// The slot of the frame's capability.
fn frame_slot(k: &Kernel) -> Obj<Slot> {
    let slot: &Slot = &k.log.frame;
    // SAFETY: the kernel state outlives every capability.
    unsafe { Obj::from_address(core::ptr::from_ref(slot).expose_provenance()) }
}

/// Whether there is a frame to log in.
#[inline(always)]
pub fn is_on(k: &Kernel) -> bool {
    !k.log.frame.is_empty()
}

/// Makes the frame whose capability is in `slot` the one to log in.
///
/// # Errors
///
/// [`InvocationError::IllegalOperation`]: it is no frame of 2 MiB of RAM that its holder may write.
pub fn set_frame(k: &Kernel, slot: Obj<Slot>) -> Result<(), InvocationError> {
    let Cap::Frame(cap) = slot.cap() else { return Err(InvocationError::IllegalOperation) };
    if cap.size != FrameSize::Mega || cap.device || cap.rights != VmRights::ReadWrite {
        return Err(InvocationError::IllegalOperation);
    }
    // A frame is deleted in a single step.
    let _deleted = delete::delete(k, frame_slot(k));
    derivation::insert(Cap::Frame(FrameCap { mapping: None, ..cap }), slot, frame_slot(k));
    Ok(())
}

/// Empties the log.
pub fn reset(k: &Kernel) {
    k.log.length.set(0);
}

/// Number of entries in the log.
pub fn length(k: &Kernel) -> u64 {
    k.log.length.get()
}

/// Logs a kernel entry, if there is a frame with room.
#[inline(always)]
pub fn append(k: &Kernel, start: u64, duration: u64, entry: KernelEntry) {
    let index = k.log.length.get();
    if let Some(frame) = k.log.frame.raw().as_frame()
        && index < LOG_ENTRIES
    {
        let duration = u32::try_from(duration).unwrap_or(u32::MAX);
        write(frame.base, index, LogEntry { start, duration, entry });
        k.log.length.set(index + 1);
    }
}

/// Writes entry `index`, which is below [`LOG_ENTRIES`], of the log in the frame at `base`.
fn write(base: PhysAddr, index: u64, entry: LogEntry) {
    let place: *mut LogEntry = arch::phys_to_virt(base).cast::<LogEntry>().wrapping_add(index as usize);
    // SAFETY: in the frame, which is aligned RAM in the kernel's window and backs no kernel object; volatile, since user code may
    // read it meanwhile.
    unsafe { place.write_volatile(entry) };
}
