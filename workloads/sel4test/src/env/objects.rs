//! Making objects and capabilities, in a few words.

use rel4_abi::{CPtr, CapRights, InvocationError, ObjectType};
use rel4_runtime::cap::{CNode, Endpoint, Frame, Notification, PageTable, Slot, Tcb, Untyped};
use rel4_runtime::error::Error;
use rel4_runtime::resources::ResourceError;

use super::Env;
use crate::cspace;

/// What makes an object or a capability gives.
type Made<T> = Result<T, ResourceError>;

impl Env {
    /// An empty slot.
    ///
    /// # Errors
    ///
    /// [`ResourceError::OutOfSlots`].
    pub fn empty_slot(&mut self) -> Made<CPtr> {
        self.resources.take_slot()
    }

    /// A new endpoint.
    ///
    /// # Errors
    ///
    /// Those of making an object; so in all functions here.
    pub fn endpoint(&mut self) -> Made<Endpoint> {
        self.resources.make(ObjectType::Endpoint, 0).map(Endpoint)
    }

    /// A new notification.
    ///
    /// # Errors
    ///
    /// Those of making an object.
    pub fn notification(&mut self) -> Made<Notification> {
        self.resources.make(ObjectType::Notification, 0).map(Notification)
    }

    /// A new thread without anything.
    ///
    /// # Errors
    ///
    /// Those of making an object.
    pub fn tcb(&mut self) -> Made<Tcb> {
        self.resources.make(ObjectType::Tcb, 0).map(Tcb)
    }

    /// A new `CNode` of 2^`radix_bits` slots.
    ///
    /// # Errors
    ///
    /// Those of making an object.
    pub fn cnode(&mut self, radix_bits: u32) -> Made<CNode> {
        self.resources.make(ObjectType::CNode, radix_bits).map(CNode)
    }

    /// A new 4 KiB frame.
    ///
    /// # Errors
    ///
    /// Those of making an object.
    pub fn frame(&mut self) -> Made<Frame> {
        self.resources.make(ObjectType::Page, 0).map(Frame)
    }

    /// A new page table.
    ///
    /// # Errors
    ///
    /// Those of making an object.
    pub fn page_table(&mut self) -> Made<PageTable> {
        self.resources.make(ObjectType::PageTable, 0).map(PageTable)
    }

    /// A new untyped of 2^`size_bits` bytes.
    ///
    /// # Errors
    ///
    /// Those of making an object.
    pub fn untyped(&mut self, size_bits: u32) -> Made<Untyped> {
        self.resources.make(ObjectType::Untyped, size_bits).map(Untyped)
    }

    /// A copy of `original` with all its rights.
    ///
    /// # Errors
    ///
    /// [`ResourceError::OutOfSlots`], or the kernel's.
    pub fn copy(&mut self, original: CPtr) -> Made<CPtr> {
        self.copy_with(original, CapRights::ALL)
    }

    /// A copy of `original` with at most `rights`.
    ///
    /// # Errors
    ///
    /// [`ResourceError::OutOfSlots`], or the kernel's.
    pub fn copy_with(&mut self, original: CPtr, rights: CapRights) -> Made<CPtr> {
        let slot = self.empty_slot()?;
        cspace::slot(slot).copy_from(cspace::slot(original), rights)?;
        Ok(slot)
    }

    /// A copy of the endpoint or notification `original` with `badge`.
    ///
    /// # Errors
    ///
    /// [`ResourceError::OutOfSlots`], or the kernel's.
    pub fn badged(&mut self, original: CPtr, badge: u64) -> Made<CPtr> {
        let slot = self.empty_slot()?;
        cspace::slot(slot).mint_badged_from(cspace::slot(original), CapRights::ALL, badge)?;
        Ok(slot)
    }
}

/// Whether nothing is in `slot`. Moving it onto itself changes nothing and tells.
///
/// # Errors
///
/// What the kernel answers if it is neither of the two.
pub fn is_empty(slot: Slot) -> Result<bool, Error> {
    match slot.move_from(slot) {
        Err(Error::Refused(InvocationError::DeleteFirst)) => Ok(false),
        Err(Error::Refused(InvocationError::FailedLookup { .. })) => Ok(true),
        Err(error) => Err(error),
        Ok(()) => Err(Error::UnknownAnswer { label: 0 }),
    }
}
