//! Authority over ASID pools.

use rel4_abi::{CPtr, Invocation};

use super::cnode::Slot;
use super::invoke::invoke;
use super::untyped::Untyped;
use crate::error::Error;

/// A capability to make ASID pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsidControl(pub CPtr);

impl AsidControl {
    /// Makes a pool out of `untyped`, which has exactly the size of one, and puts its capability into `slot`.
    ///
    /// # Errors
    ///
    /// The kernel's: `DeleteFirst` if there are as many pools as there can be, or the slot is occupied.
    pub fn make_pool(self, untyped: Untyped, slot: Slot) -> Result<(), Error> {
        let caps = [untyped.0, slot.root().0];
        invoke(self.0, Invocation::RiscvAsidControlMakePool, &caps, &slot.address()).map(drop)
    }
}
