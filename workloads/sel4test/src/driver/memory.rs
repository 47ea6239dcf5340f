//! The memory that tests get.

use rel4_abi::bootinfo::MAX_UNTYPEDS;
use rel4_abi::{CPtr, SlotRegion};
use rel4_runtime::cap::Untyped;
use rel4_runtime::resources::{ResourceError, Resources};

use crate::cspace;

/// Untypeds below this size, as a power of two, are not worth a capability.
const MIN_SIZE_BITS: u32 = 13;

/// Untyped memory, which the driver takes back after each test.
#[derive(Debug)]
pub(super) struct Pool {
    untypeds: [(Untyped, u32); MAX_UNTYPEDS],
    count: usize,
}

impl Pool {
    /// All memory that is left in `resources`, the largest first.
    pub(super) fn take_from(resources: &mut Resources) -> Self {
        let mut pool = Self { untypeds: [(Untyped(CPtr::NULL), 0); MAX_UNTYPEDS], count: 0 };
        for place in &mut pool.untypeds {
            let Some(untyped) = resources.take_whole_untyped(MIN_SIZE_BITS) else { break };
            *place = untyped;
            pool.count += 1;
        }
        pool
    }

    /// The untypeds and their sizes, as powers of two.
    pub(super) fn untypeds(&self) -> impl ExactSizeIterator<Item = (Untyped, u32)> {
        self.untypeds[..self.count].iter().copied()
    }

    /// Destroys everything made from it, by whoever.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub(super) fn take_back(&self) -> Result<(), ResourceError> {
        for (untyped, _) in self.untypeds() {
            cspace::slot(untyped.0).revoke()?;
        }
        Ok(())
    }
}

/// Empties `slots`.
///
/// # Errors
///
/// The kernel's.
pub(super) fn empty(slots: SlotRegion) -> Result<(), ResourceError> {
    for slot in slots.start..slots.end {
        cspace::slot(CPtr(slot)).delete()?;
    }
    Ok(())
}
