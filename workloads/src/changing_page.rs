//! Pages that come and go while a process runs, and touching them.
#![allow(unsafe_code, reason = "memory that somebody else maps at run time")]

use core::sync::atomic::{AtomicU64, Ordering};

use rel4_abi::object::{MEGA_PAGE_BITS, PAGE_BITS};
use rel4_runtime::vaddr;

/// Pages that there is room for.
pub(crate) const COUNT: u64 = 1 << (MEGA_PAGE_BITS - PAGE_BITS);

/// The address of page `index`.
pub(crate) const fn address(index: u64) -> u64 {
    assert!(index < COUNT, "there is room for so many pages");
    vaddr::CHANGING_PAGES + (index << PAGE_BITS)
}

/// Writes `value` to the first word of page `index`, and returns what was there. Faults if the page is not mapped.
pub(crate) fn exchange(index: u64, value: u64) -> u64 {
    // SAFETY: nothing of the program is there: either a page that is accessed by this function only, or none, and then this faults.
    let word = unsafe { &*(address(index) as *const AtomicU64) };
    let before = word.load(Ordering::Relaxed);
    word.store(value, Ordering::Relaxed);
    before
}
