//! The only place where addresses become bytes.

#![allow(unsafe_code, reason = "physical memory has no other door")]

use core::cell::UnsafeCell;
use core::slice;
use core::sync::atomic::{AtomicBool, Ordering};

use rel4_loader::device_tree::{self, DeviceTreeError};
use rel4_loader::payload::{self, PayloadError};
use rel4_loader::range::PhysRange;
use rel4_loader::sv39::BootTables;

unsafe extern "C" {
    static __loader_start: u8;
    static __payload_start: u8;
}

/// The address of the loader's first byte.
pub(super) fn loader_start() -> u64 {
    (&raw const __loader_start) as u64
}

/// The payload, as long as it claims to be. Nothing in it is checked yet but that it ends before `ram_end`, the end of the RAM
/// that the loader lies in.
///
/// # Errors
///
/// There is no payload, or it claims to be longer than RAM.
pub(super) fn payload(ram_end: u64) -> Result<&'static [u8], PayloadError> {
    let start = &raw const __payload_start;
    // SAFETY: the linker script puts `__payload_start` right behind the loader, where the packer puts at least the
    // payload's header; nothing is ever written there.
    let header = unsafe { slice::from_raw_parts(start, payload::HEADER_LEN) };
    let claimed = payload::claimed_len(header)?;
    let available = ram_end.saturating_sub(start as u64) as usize;
    let len = usize::try_from(claimed)
        .ok()
        .filter(|&len| len <= available)
        .ok_or(PayloadError::Length { claimed, available })?;
    // SAFETY: these bytes lie in RAM, and `Layout::check_apart_from` keeps every write away from them.
    Ok(unsafe { slice::from_raw_parts(start, len) })
}

/// The device tree that the firmware left at `address`. Only its header is checked yet.
///
/// # Errors
///
/// There is none.
pub(super) fn firmware_tree(address: usize) -> Result<&'static [u8], DeviceTreeError> {
    let start = address as *const u8;
    if start.is_null() {
        return Err(DeviceTreeError::Magic { found: 0 });
    }
    // SAFETY: the boot protocol says that a tree starts at the address, and `Layout::check_apart_from` keeps every write away from it.
    let header = unsafe { &*start.cast::<[u8; device_tree::HEADER_LEN]>() };
    let len = device_tree::claimed_len(header)?;
    // SAFETY: as above, for the length in a header that was found right.
    Ok(unsafe { slice::from_raw_parts(start, len as usize) })
}

/// The bytes of a range of RAM, for writing.
///
/// # Safety
///
/// 1. The range lies in RAM and overlaps nothing in use: the checks of `Layout` have accepted it.
/// 2. No other slice of the same bytes is alive.
pub(super) unsafe fn claim(range: PhysRange) -> &'static mut [u8] {
    // SAFETY: by the caller's promise these bytes exist and nobody else refers to them; any byte is a valid `u8`.
    unsafe { slice::from_raw_parts_mut(range.start as *mut u8, range.len() as usize) }
}

/// The boot page table and whether it was handed out.
struct Tables {
    tables: UnsafeCell<BootTables>,
    taken: AtomicBool,
}

// SAFETY: `taken` lets exactly one caller at the cell.
unsafe impl Sync for Tables {}

static TABLES: Tables =
    Tables { tables: UnsafeCell::new(BootTables::empty()), taken: AtomicBool::new(false) };

/// The boot page table, and its physical address.
///
/// # Panics
///
/// On the second call.
pub(super) fn boot_tables() -> (&'static mut BootTables, u64) {
    assert!(!TABLES.taken.swap(true, Ordering::AcqRel), "the boot page table was handed out already");
    let tables = TABLES.tables.get();
    // SAFETY: `taken` was false, so this is the only reference there ever is.
    (unsafe { &mut *tables }, tables as u64)
}
