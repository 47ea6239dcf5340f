//! Frames.

use rel4_abi::{CPtr, CapRights, Invocation, VmAttributes};

use super::invoke::invoke;
use super::page_table::VSpace;
use crate::error::Error;

/// A capability to a frame. Each capability holds one mapping; a copy starts without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame(pub CPtr);

impl Frame {
    /// Maps the frame at `vaddr` in `vspace`.
    ///
    /// # Errors
    ///
    /// The kernel's. `FailedLookup` with `MissingCapability` says that a page table is missing, and by its bits at
    /// which level.
    pub fn map(
        self,
        vspace: VSpace,
        vaddr: u64,
        rights: CapRights,
        attributes: VmAttributes,
    ) -> Result<(), Error> {
        let words = [vaddr, rights.word(), attributes.word()];
        invoke(self.0, Invocation::RiscvPageMap, &[vspace.0], &words).map(drop)
    }

    /// Removes the mapping of this capability, if it has one.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn unmap(self) -> Result<(), Error> {
        invoke(self.0, Invocation::RiscvPageUnmap, &[], &[]).map(drop)
    }

    /// Physical address of the frame.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn physical_address(self) -> Result<u64, Error> {
        invoke(self.0, Invocation::RiscvPageGetAddress, &[], &[]).map(|answer| answer.words[0])
    }
}
