//! The kernel's address space, and switching between those of users.
//!
//! | virtual | what |
//! |---|---|
//! | `0` to `0x3f_ffff_f000` | the current user space (U-mode kernels) |
//! | `WINDOW_BASE` + physical | all physical memory below 254 GiB, read-write |
//! | `0xffff_ffff_8020_0000` | the kernel image: one 2 MiB page of code, then data |

use core::arch::asm;

use super::csr;
use super::user_mode::{self, USER_PRIVILEGE};
use crate::arch::{KernelAccess, PageTable, PhysAddr, Pte, UserPrivilege};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::vm::Asid;

const WINDOW_BASE: usize = 0xffff_ffc0_0000_0000;
const GIGA: u64 = 1 << 30;
const MEGA: u64 = 1 << 21;
/// Root entries of the upper half of the address space: the kernel's.
const KERNEL_ENTRIES: core::ops::Range<usize> = 256..512;
const WINDOW_ENTRIES: usize = 254;
const IMAGE_ENTRY: usize = 510;

const IMAGE_VADDR: u64 = 0xffff_ffff_8020_0000;
const IMAGE_PADDR: u64 = 0x8020_0000;

const SATP_SV39: u64 = 8 << 60;
const SATP_ASID_SHIFT: u32 = 44;

/// Physical memory above this is out of the window's reach.
pub const WINDOW_BYTES: u64 = WINDOW_ENTRIES as u64 * GIGA;

struct KernelTables {
    root: PageTable,
    image: PageTable,
    /// For VS-mode threads without an address space: with bare translation they would see all physical memory.
    nothing: PageTable,
}

// SAFETY: written before user code runs, on the boot hart; only read afterwards.
unsafe impl Sync for KernelTables {}

static TABLES: KernelTables =
    KernelTables { root: PageTable::empty(), image: PageTable::empty(), nothing: PageTable::empty() };

unsafe extern "C" {
    static __data_start: u8;
    static __data_end: u8;
}

/// The physical address of something in the kernel image.
pub(super) const fn image_to_phys(vaddr: u64) -> PhysAddr {
    PhysAddr(vaddr.wrapping_sub(IMAGE_VADDR).wrapping_add(IMAGE_PADDR))
}

#[inline(always)]
fn address_of<T>(symbol: *const T) -> u64 {
    symbol.addr() as u64
}

/// The physical memory that the kernel image occupies: first byte and end.
pub fn kernel_image() -> (PhysAddr, PhysAddr) {
    (PhysAddr(IMAGE_PADDR), image_to_phys(address_of(&raw const __data_end)))
}

/// Where the kernel sees physical address `at`.
#[inline(always)]
pub fn phys_to_virt(at: PhysAddr) -> *mut u8 {
    core::ptr::with_exposed_provenance_mut(WINDOW_BASE.wrapping_add(at.0 as usize))
}

/// The physical address of an object that the kernel sees at `address` in its window.
#[inline(always)]
pub fn virt_to_phys(address: usize) -> PhysAddr {
    PhysAddr(address.wrapping_sub(WINDOW_BASE) as u64)
}

/// Builds the kernel's own address space and leaves the loader's. Before this the window is not there.
pub fn set_up() {
    let index = |vaddr: u64| ((vaddr >> MEGA.ilog2()) % 512) as usize;
    let image = TABLES.image.entries();
    image[index(IMAGE_VADDR)].set(Pte::kernel_leaf(PhysAddr(IMAGE_PADDR), KernelAccess::ReadExecute));
    let (start, end) = (address_of(&raw const __data_start), address_of(&raw const __data_end));
    let mut vaddr = start;
    while vaddr < end {
        image[index(vaddr)].set(Pte::kernel_leaf(image_to_phys(vaddr), KernelAccess::ReadWrite));
        vaddr += MEGA;
    }
    let root = TABLES.root.entries();
    for entry in 0..WINDOW_ENTRIES {
        let leaf = Pte::kernel_leaf(PhysAddr(entry as u64 * GIGA), KernelAccess::ReadWrite);
        root[KERNEL_ENTRIES.start + entry].set(leaf);
    }
    root[IMAGE_ENTRY].set(Pte::to_table_at(image_to_phys(address_of(&raw const TABLES.image))));
    enter_kernel_space();
}

/// Leaves the loader's address space for the kernel's own.
pub(super) fn enter_kernel_space() {
    let kernel_root = image_to_phys(address_of(&raw const TABLES.root));
    // SAFETY: the image stays mapped where it was; everything else of the loader's tables must be forgotten.
    unsafe {
        csr::write!("satp", satp(kernel_root, Asid(0)));
        asm!("sfence.vma", options(nostack));
    }
}

#[inline(always)]
fn satp(root: PhysAddr, asid: Asid) -> u64 {
    SATP_SV39 | (u64::from(asid.0) << SATP_ASID_SHIFT) | (root.0 >> 12)
}

/// Prepares a root table for use: in U-mode kernels the kernel is part of every address space.
pub fn map_kernel(_k: &Kernel, root: Obj<PageTable>) {
    match USER_PRIVILEGE {
        UserPrivilege::U => {
            for entry in KERNEL_ENTRIES {
                root.entries()[entry].set(TABLES.root.entries()[entry].get());
            }
        }
        UserPrivilege::VS => {}
    }
}

/// Makes user code translate through `root`.
#[inline(always)]
pub fn activate_space(root: Obj<PageTable>, asid: Asid) {
    // Spelled so that the compiler has one constant left to add.
    const FIXED: u64 = SATP_SV39.wrapping_sub(WINDOW_BASE as u64 >> 12);
    let page = root.address() as u64 >> 12;
    user_mode::set_translation(page.wrapping_add(FIXED).wrapping_add(u64::from(asid.0) << SATP_ASID_SHIFT));
}

/// Makes every user address fault.
#[inline(always)]
pub fn activate_no_space(_k: &Kernel) {
    let root = match USER_PRIVILEGE {
        UserPrivilege::U => &raw const TABLES.root,
        UserPrivilege::VS => &raw const TABLES.nothing,
    };
    user_mode::set_translation(satp(image_to_phys(address_of(root)), Asid(0)));
}

/// Forgets cached translations of one page of one address space.
pub fn flush_page(vaddr: u64, asid: Asid) {
    user_mode::fence_page(vaddr, asid);
}

/// Forgets all cached translations of one address space.
pub fn flush_asid(asid: Asid) {
    user_mode::fence_asid(asid);
}

/// Forgets all cached translations of all user address spaces.
pub fn flush_all() {
    user_mode::fence_all();
}
