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
    with_page(resources, frame, |page| {
        // SAFETY: the page is mapped, for this function only, so nothing else refers to it; the contents fit in.
        unsafe { page.copy_from_nonoverlapping(contents.as_ptr(), contents.len()) };
    })
}

/// Copies this process's page at `vaddr`, which is one of its private pages, to the unmapped 4 KiB frame `frame`, and
/// leaves that unmapped.
///
/// # Errors
///
/// Those of mapping.
pub(crate) fn fill_from_own_page(
    resources: &mut Resources,
    frame: Frame,
    vaddr: u64,
) -> Result<(), ResourceError> {
    with_page(resources, frame, |page| {
        let source = vaddr as *const u64;
        let target = page.cast::<u64>();
        for index in 0..(1 << PAGE_BITS) / size_of::<u64>() {
            // SAFETY: both pages are mapped and readable, or writable, as a whole. The source holds variables, which others
            // may change meanwhile, so it is read as volatile words.
            unsafe { target.add(index).write_volatile(source.add(index).read_volatile()) };
        }
    })
}

/// Has `work` done on `frame` while it is mapped at the address that it gets.
fn with_page(
    resources: &mut Resources,
    frame: Frame,
    work: impl FnOnce(*mut u8),
) -> Result<(), ResourceError> {
    address_space::map(resources, Resources::VSPACE, frame, vaddr::ROOT_SCRATCH, Access::Data)?;
    work(vaddr::ROOT_SCRATCH as *mut u8);
    Ok(frame.unmap()?)
}
