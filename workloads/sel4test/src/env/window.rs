//! Memory that a test maps by itself.

#![allow(unsafe_code, reason = "accesses memory by address")]

use rel4_abi::object::PAGE_BITS;

use super::Env;

/// A range of addresses of the test's address space where nothing is but what the test maps. An access where nothing is
/// mapped faults.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    vaddr: u64,
    bytes: u64,
}

impl Env {
    /// A new window of 2^`size_bits` bytes, at least a page, which is aligned to its size.
    pub fn window(&mut self, size_bits: u32) -> Window {
        let bytes = 1 << size_bits;
        let pages = (2 * bytes) >> PAGE_BITS;
        Window { vaddr: self.resources.reserve_window(pages).next_multiple_of(bytes), bytes }
    }
}

impl Window {
    /// Its first address.
    #[must_use]
    pub const fn vaddr(self) -> u64 {
        self.vaddr
    }

    /// The 32-bit word at `offset`, which is aligned and inside the window.
    #[must_use]
    pub fn read(self, offset: u64) -> u32 {
        // SAFETY: the address is inside the window, where no value of Rust's is, and aligned. If it is not mapped the
        // access faults, which ends the thread.
        unsafe { self.address(offset).read_volatile() }
    }

    /// Sets the 32-bit word at `offset`, which is aligned and inside the window.
    pub fn write(self, offset: u64, word: u32) {
        // SAFETY: as in `read`.
        unsafe { self.address(offset).write_volatile(word) };
    }

    fn address(self, offset: u64) -> *mut u32 {
        assert!(offset.is_multiple_of(4) && offset < self.bytes);
        (self.vaddr + offset) as *mut u32
    }
}
