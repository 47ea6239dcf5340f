//! Page tables and the roots made of them.

use rel4_abi::{CPtr, Invocation, VmAttributes};

use super::invoke::invoke;
use crate::error::Error;

/// A capability to a page table. With an ASID it is the root of an address space, a [`VSpace`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageTable(pub CPtr);

/// A capability to the root page table of an address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VSpace(pub CPtr);

impl PageTable {
    /// Installs the table in `vspace` at the highest level that has none for `vaddr`.
    ///
    /// # Errors
    ///
    /// The kernel's: `DeleteFirst` if no table is missing there.
    pub fn map(self, vspace: VSpace, vaddr: u64) -> Result<(), Error> {
        let words = [vaddr, VmAttributes::default().word()];
        invoke(self.0, Invocation::RiscvPageTableMap, &[vspace.0], &words).map(drop)
    }

    /// Takes the table out of its address space.
    ///
    /// # Errors
    ///
    /// The kernel's: `RevokeFirst` if there are copies of this capability.
    pub fn unmap(self) -> Result<(), Error> {
        invoke(self.0, Invocation::RiscvPageTableUnmap, &[], &[]).map(drop)
    }
}
