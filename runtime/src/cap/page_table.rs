//! Page tables and the roots made of them.

use rel4_abi::{AsyncInvocation, CPtr, Invocation, UintrInvocation, VmAttributes};

use super::invoke::{invoke, invoke_label};
use super::tcb::Tcb;
use super::{CNode, Notification};
use crate::error::Error;

/// A capability to a page table. With an ASID it is the root of an address space, a [`VSpace`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageTable(pub CPtr);

/// A capability to the root page table of an address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VSpace(pub CPtr);

impl VSpace {
    /// Maps at `vaddr` the page through which the receiver of `notification` is interrupted, and puts the page's capability into slot
    /// `index` of `node`, all 64 bits of the index counting. A 32-bit store of an identity to the page's first word raises it.
    ///
    /// # Errors
    ///
    /// The kernel's: `IllegalOperation` if the notification has no registered receiver; those of mapping a frame.
    pub fn register_sender(
        self,
        notification: Notification,
        vaddr: u64,
        node: CNode,
        index: u64,
    ) -> Result<(), Error> {
        let label = UintrInvocation::RegisterSender.label();
        let depth = u64::from(rel4_abi::cptr::WORD_BITS);
        invoke_label(self.0, label, &[notification.0, node.0], &[vaddr, index, depth]).map(drop)
    }

    /// Maps at `vaddr` the page through which the kernel of `hart` is told that requests of `thread`, which has rings, wait; puts the page's
    /// capability into slot `index` of `node`, all 64 bits of the index counting.
    ///
    /// # Errors
    ///
    /// The kernel's: `IllegalOperation` if the thread has no rings or the hart no doorbell, `RangeError` if there is no such hart; those of
    /// mapping a frame.
    pub fn map_doorbell(
        self,
        thread: Tcb,
        vaddr: u64,
        node: CNode,
        index: u64,
        hart: u64,
    ) -> Result<(), Error> {
        let label = AsyncInvocation::MapDoorbell.label();
        let depth = u64::from(rel4_abi::cptr::WORD_BITS);
        invoke_label(self.0, label, &[thread.0, node.0], &[vaddr, index, depth, hart]).map(drop)
    }
}

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
