//! Memory of the root task's own, made at run time.

#![allow(unsafe_code, reason = "turns pages that were just mapped into a slice")]

use rel4_abi::object::PAGE_BITS;

use crate::address_space::{self, Access};
use crate::resources::{ResourceError, Resources};

/// Makes room for `word_count` words, all zero. It is never given back.
///
/// # Errors
///
/// Those of making frames and mapping them.
pub fn words(resources: &mut Resources, word_count: usize) -> Result<&'static mut [u64], ResourceError> {
    let frames = resources.make_frames((word_count * size_of::<u64>()).div_ceil(1 << PAGE_BITS) as u64)?;
    let vaddr = resources.reserve_window(frames.len());
    address_space::map_range(resources, Resources::VSPACE, frames, vaddr, Access::Data)?;
    // SAFETY: those addresses are mapped to new, zeroed memory, are never unmapped, and nobody else knows them.
    Ok(unsafe { core::slice::from_raw_parts_mut(vaddr as *mut u64, word_count) })
}
