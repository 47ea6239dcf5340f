//! ASID pools.

use rel4_abi::{CPtr, Invocation};

use super::invoke::invoke;
use super::page_table::{PageTable, VSpace};
use crate::error::Error;

/// A capability to an ASID pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsidPool(pub CPtr);

impl AsidPool {
    /// Gives `root` an ASID, which makes it an address space.
    ///
    /// # Errors
    ///
    /// The kernel's: `DeleteFirst` if the pool is used up.
    pub fn assign(self, root: PageTable) -> Result<VSpace, Error> {
        invoke(self.0, Invocation::RiscvAsidPoolAssign, &[root.0], &[])?;
        Ok(VSpace(root.0))
    }
}
