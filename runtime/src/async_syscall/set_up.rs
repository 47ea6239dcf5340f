//! Giving a thread rings.

#![allow(unsafe_code, reason = "memory that the creator mapped, by its address")]

use core::sync::atomic::AtomicU64;

use rel4_abi::async_syscall::pair_words;
use rel4_abi::{InvocationError, ObjectType};

use crate::address_space::{self, Access};
use crate::cap::{Frame, Notification};
use crate::error::Error;
use crate::process::Process;
use crate::resources::{ResourceError, Resources};
use crate::uintr::SenderPage;
use crate::vaddr;

/// How a thread's system calls can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rings {
    /// Through rings.
    Registered,
    /// By traps only: the kernel has no rings.
    Unsupported,
}

/// Gives the first thread of `process` rings of `capacity` items each, a power of two, at [`vaddr::KERNEL_RINGS`]. The kernel signals
/// `notification` when completions are there and the thread sleeps.
///
/// # Errors
///
/// Those of making a frame and mapping it, and the kernel's, but for the one that says that it knows no rings.
pub fn set_up(
    resources: &mut Resources,
    process: Process,
    notification: Notification,
    capacity: usize,
) -> Result<Rings, ResourceError> {
    let frame = Frame(resources.make(ObjectType::MegaPage, 0)?);
    match process.tcb().register_ring(frame, notification, capacity as u64) {
        Ok(()) => {}
        Err(Error::Refused(InvocationError::IllegalOperation)) => return Ok(Rings::Unsupported),
        Err(error) => return Err(error.into()),
    }
    address_space::map(resources, process.vspace(), frame, vaddr::KERNEL_RINGS, Access::Data)?;
    Ok(Rings::Registered)
}

/// Maps the doorbell of `hart` for `process`, which has rings: the last sender page of the process.
///
/// # Errors
///
/// [`ResourceError::OutOfSlots`], and the kernel's.
pub fn map_doorbell(resources: &mut Resources, process: Process, hart: u64) -> Result<(), ResourceError> {
    let slot = resources.take_slot()?;
    let vaddr = SenderPage::address(DOORBELL_PAGE).ok_or(ResourceError::OutOfSlots)?;
    process.vspace().map_doorbell(process.tcb(), vaddr, Resources::CNODE, slot.word(), hart)?;
    Ok(())
}

/// The number of the sender page that is the doorbell.
pub(super) const DOORBELL_PAGE: u64 = SenderPage::COUNT - 1;

/// The rings of this process's first thread, of `capacity` items each. If its creator has not [`set_up`] any, touching them faults.
#[must_use]
pub(super) fn memory(capacity: usize) -> &'static [AtomicU64] {
    // SAFETY: the creator maps a 2 MiB frame there or nothing, and then any access faults, which ends the process. It stays mapped, and everyone
    // accesses it as atomics.
    unsafe { core::slice::from_raw_parts(vaddr::KERNEL_RINGS as *const AtomicU64, pair_words(capacity)) }
}
