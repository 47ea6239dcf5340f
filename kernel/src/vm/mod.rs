//! Virtual memory: address spaces ([`space`]), their identifiers ([`asid`]), which harts have seen them, and the words that describe a mapping.
//!
//! User memory is reached only by way of frame capabilities and the kernel's own window, never through a user address space.

pub mod asid;
#[cfg(feature = "smp")]
mod seen;
pub mod space;

use rel4_abi::object::{GIGA_PAGE_BITS, MEGA_PAGE_BITS, PAGE_BITS};
use rel4_abi::vm::PT_INDEX_BITS;

pub use crate::arch::PageTable;
pub use asid::{Asid, AsidPool, AsidTable};
#[cfg(feature = "smp")]
pub use seen::SeenSpaces;
pub use space::{finalise_page_table, unmap_frame};

/// Size of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FrameSize {
    /// 4 KiB.
    Page = 0,
    /// 2 MiB.
    Mega = 1,
    /// 1 GiB.
    Giga = 2,
}

impl FrameSize {
    /// The size of index 0 to 2 (small to large); larger indexes mean the largest.
    pub const fn from_index(index: u64) -> Self {
        match index {
            0 => Self::Page,
            1 => Self::Mega,
            _ => Self::Giga,
        }
    }

    /// 0 to 2, small to large.
    pub const fn index(self) -> u64 {
        self as u64
    }

    /// log2 of the size in bytes.
    #[inline(always)]
    pub const fn bits(self) -> u8 {
        // Each size is a level of the page table above the one before.
        (PAGE_BITS + PT_INDEX_BITS * self as u32) as u8
    }

    /// Size in bytes.
    pub const fn bytes(self) -> u64 {
        1 << self.bits()
    }
}

const _: () = assert!(
    FrameSize::Mega.bits() as u32 == MEGA_PAGE_BITS && FrameSize::Giga.bits() as u32 == GIGA_PAGE_BITS
);

/// What a frame capability lets its mappings do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VmRights {
    /// No user access; an executable mapping is execute-only.
    KernelOnly = 1,
    /// Read.
    ReadOnly = 2,
    /// Read and write.
    ReadWrite = 3,
}

impl VmRights {
    /// The stored two bits.
    pub const fn bits(self) -> u64 {
        self as u64
    }

    /// From the stored two bits.
    pub const fn from_bits(bits: u64) -> Self {
        match bits {
            3 => Self::ReadWrite,
            2 => Self::ReadOnly,
            _ => Self::KernelOnly,
        }
    }
}
