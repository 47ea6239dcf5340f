//! Memory that the card reads and writes by itself: physically contiguous, and mapped in the driver alone.

#![allow(unsafe_code, reason = "memory that a device shares")]

use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use rel4_abi::object::PAGE_BITS;
use virtio_drivers::{BufferDirection, Hal, PhysAddr};

/// Where the driver has it.
pub const VADDR: u64 = 0x3010_0000;
/// Its pages of 4 KiB: rings, and the buffers of both directions.
pub const PAGES: usize = 64;

const PAGE_BYTES: usize = 1 << PAGE_BITS;
const BYTES: usize = PAGES * PAGE_BYTES;

/// Where the card finds it.
static PADDR: AtomicU64 = AtomicU64::new(0);
/// Pages that were given out.
static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// Says where the card finds the memory, once, before anything of it is used.
pub(super) fn set_paddr(paddr: u64) {
    PADDR.store(paddr, Ordering::Relaxed);
}

/// Takes `pages` pages, all zero.
///
/// # Panics
///
/// If there are not so many.
pub(super) fn take(pages: usize) -> NonNull<u8> {
    let first = TAKEN.fetch_add(pages, Ordering::Relaxed);
    assert!(first + pages <= PAGES, "the card needs more memory than it has");
    let address = VADDR as usize + first * PAGE_BYTES;
    NonNull::new(core::ptr::with_exposed_provenance_mut(address)).expect("the window is not at 0")
}

/// The memory, as the virtio crate wants it.
#[derive(Debug)]
pub(super) struct Dma;

fn paddr_of(address: usize) -> PhysAddr {
    PADDR.load(Ordering::Relaxed) + (address - VADDR as usize) as u64
}

// SAFETY: what is given out is mapped, zero (the kernel makes frames so), aligned to pages, given out once and never taken back;
// and the card reaches it by physical addresses that follow each other, as the root task has made sure.
unsafe impl Hal for Dma {
    fn dma_alloc(pages: usize, _: BufferDirection) -> (PhysAddr, NonNull<u8>) {
        let memory = take(pages);
        (paddr_of(memory.addr().get()), memory)
    }

    unsafe fn dma_dealloc(_: PhysAddr, _: NonNull<u8>, _: usize) -> i32 {
        // The card is there as long as the driver is.
        unreachable!("nothing is given back")
    }

    unsafe fn mmio_phys_to_virt(_: PhysAddr, _: usize) -> NonNull<u8> {
        unreachable!("the card is on no PCI bus")
    }

    unsafe fn share(buffer: NonNull<[u8]>, _: BufferDirection) -> PhysAddr {
        let first = buffer.addr().get();
        let inside = (VADDR as usize..=VADDR as usize + BYTES - buffer.len()).contains(&first);
        assert!(inside, "the card gets only what is in its memory");
        paddr_of(first)
    }

    unsafe fn unshare(_: PhysAddr, _: NonNull<[u8]>, _: BufferDirection) {}
}
