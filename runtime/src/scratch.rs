//! Filling frames that belong to other address spaces.

#![allow(unsafe_code, reason = "writes to a page that was just mapped")]

use rel4_abi::object::PAGE_BITS;

use crate::address_space::{self, Access};
use crate::cap::Frame;
use crate::resources::{ResourceError, Resources};
use crate::vaddr;

/// Writes `contents`, at most a page, to the start of the unmapped 4 KiB frame `frame`, and leaves it unmapped.
///
/// # Errors
///
/// Those of mapping.
///
/// # Panics
///
/// If `contents` is longer than a page.
pub fn fill(resources: &mut Resources, frame: Frame, contents: &[u8]) -> Result<(), ResourceError> {
    assert!(contents.len() <= 1 << PAGE_BITS);
    address_space::map(resources, Resources::VSPACE, frame, vaddr::ROOT_SCRATCH, Access::Data)?;
    // SAFETY: the page at that address is mapped, for this function only, so nothing else refers to it; the contents
    // fit in.
    unsafe {
        let page = vaddr::ROOT_SCRATCH as *mut u8;
        page.copy_from_nonoverlapping(contents.as_ptr(), contents.len());
    }
    Ok(frame.unmap()?)
}
