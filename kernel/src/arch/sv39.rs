//! Sv39 page tables (privileged specification 4.4): entries and tables of user address spaces.
#![allow(unsafe_code, reason = "an entry's page number becomes a handle to the table it points to")]

use core::cell::Cell;

use rel4_abi::vm::PT_INDEX_BITS;

use super::{PhysAddr, phys_to_virt, virt_to_phys};
use crate::obj::Obj;
use crate::vm::VmRights;

const VALID: u64 = 1 << 0;
const READ: u64 = 1 << 1;
const WRITE: u64 = 1 << 2;
const EXECUTE: u64 = 1 << 3;
const USER: u64 = 1 << 4;
const ACCESSED: u64 = 1 << 6;
const DIRTY: u64 = 1 << 7;
const PPN_SHIFT: u32 = 10;
const PAGE_SHIFT: u32 = 12;
const PPN_MASK: u64 = (1 << 44) - 1;
const ENTRIES: usize = 1 << PT_INDEX_BITS;

/// Whether instructions may be fetched through a mapping.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Execute {
    /// They may.
    Allowed,
    /// They may not.
    Never,
}

/// A page-table entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Pte(u64);

impl Pte {
    /// Maps nothing.
    pub const INVALID: Self = Self(0);

    const fn new(to: PhysAddr, flags: u64) -> Self {
        Self(((to.0 >> PAGE_SHIFT) << PPN_SHIFT) | flags | VALID)
    }

    /// Points to the next table.
    pub fn to_table(table: Obj<PageTable>) -> Self {
        Self::new(virt_to_phys(table.address()), 0)
    }

    /// Maps a user frame. A mapping that allows nothing is the invalid entry.
    ///
    /// `user` is [`Self::U_MODE`] or [`Self::VS_MODE`], the privilege of user threads. Accessed and dirty are set, so that the
    /// hardware never has to write the entry.
    pub const fn user_leaf(to: PhysAddr, rights: VmRights, execute: Execute, user: UserPrivilege) -> Self {
        let access = match rights {
            VmRights::ReadWrite => READ | WRITE,
            VmRights::ReadOnly => READ,
            VmRights::KernelOnly => 0,
        };
        let execute = match execute {
            Execute::Allowed => EXECUTE,
            Execute::Never => 0,
        };
        if access | execute == 0 {
            return Self::INVALID;
        }
        let user = match user {
            UserPrivilege::U => USER,
            UserPrivilege::VS => 0,
        };
        Self::new(to, access | execute | user | ACCESSED | DIRTY)
    }

    /// A leaf for the kernel itself.
    #[allow(dead_code, reason = "kernel address spaces exist on the target only")]
    pub const fn kernel_leaf(to: PhysAddr, access: KernelAccess) -> Self {
        let access = match access {
            KernelAccess::ReadExecute => READ | EXECUTE,
            KernelAccess::ReadWrite => READ | WRITE,
        };
        Self::new(to, access | ACCESSED | DIRTY)
    }

    /// Points to a table, given its physical address.
    #[allow(dead_code, reason = "kernel address spaces exist on the target only")]
    pub const fn to_table_at(table: PhysAddr) -> Self {
        Self::new(table, 0)
    }

    /// Whether the entry maps anything or points to a table.
    pub const fn is_valid(self) -> bool {
        self.0 & VALID != 0
    }

    const fn target(self) -> PhysAddr {
        PhysAddr(((self.0 >> PPN_SHIFT) & PPN_MASK) << PAGE_SHIFT)
    }

    /// Whether the entry maps the frame at `base`.
    pub fn is_leaf_to(self, base: PhysAddr) -> bool {
        self.is_valid() && self.0 & (READ | WRITE | EXECUTE) != 0 && self.target() == base
    }

    /// The table that the entry points to.
    pub fn table(self) -> Option<Obj<PageTable>> {
        if self.0 & (VALID | READ | WRITE | EXECUTE) != VALID {
            return None;
        }
        // SAFETY: only `to_table` makes such an entry in a user's table, from a live table; the entry is cleared before the table's
        // last capability goes (`vm::finalise_page_table`). The kernel's own tables are never walked.
        Some(unsafe { Obj::from_address(phys_to_virt(self.target()) as usize) })
    }
}

/// The privilege mode of user threads, which decides what their page-table entries must say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UserPrivilege {
    /// Ordinary user mode: entries carry U = 1, and the kernel is mapped in every address space.
    U,
    /// Virtual supervisor mode, for user interrupts: entries carry U = 0, and nothing of the kernel is mapped.
    VS,
}

/// What the kernel may do with a part of its own address space.
#[allow(dead_code, reason = "kernel address spaces exist on the target only")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KernelAccess {
    /// Code and constants.
    ReadExecute,
    /// Data, and the window onto physical memory.
    ReadWrite,
}

/// A place for one entry.
#[derive(Debug)]
#[repr(transparent)]
pub struct PteSlot(Cell<u64>);

impl PteSlot {
    /// The entry.
    #[inline(always)]
    pub fn get(&self) -> Pte {
        Pte(self.0.get())
    }

    /// Replaces the entry. Stale translations are the caller's to flush.
    #[inline(always)]
    pub fn set(&self, entry: Pte) {
        self.0.set(entry.0);
    }
}

/// A page table of any level. 4 KiB, zeroed memory maps nothing.
#[repr(C, align(4096))]
pub struct PageTable {
    entries: [PteSlot; ENTRIES],
}

const _: () = assert!(size_of::<PageTable>() == 1 << rel4_abi::object::PAGE_TABLE_BITS);

impl PageTable {
    /// A table that maps nothing.
    pub const fn empty() -> Self {
        Self { entries: [const { PteSlot(Cell::new(0)) }; ENTRIES] }
    }

    /// The entries by index.
    pub fn entries(&self) -> &[PteSlot; ENTRIES] {
        &self.entries
    }

    /// Makes the table map nothing.
    pub fn clear(&self) {
        for entry in &self.entries {
            entry.set(Pte::INVALID);
        }
    }
}

impl Default for PageTable {
    fn default() -> Self {
        Self::empty()
    }
}

impl Obj<PageTable> {
    /// The entry for `vaddr` in a table whose entries cover 2^`bits` bytes each.
    #[inline(always)]
    pub fn entry(self, vaddr: u64, bits: u32) -> Obj<PteSlot> {
        let index = (vaddr >> bits) as usize % ENTRIES;
        self.project(|table| &table.entries[index])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_leaves_follow_the_specification_bit_by_bit() {
        let frame = PhysAddr(0x8765_4000);
        let leaf = |rights, execute, user| Pte::user_leaf(frame, rights, execute, user).0;
        let ppn = 0x87654 << 10;
        assert_eq!(leaf(VmRights::ReadWrite, Execute::Allowed, UserPrivilege::U), ppn | 0b1101_1111);
        assert_eq!(leaf(VmRights::ReadOnly, Execute::Never, UserPrivilege::U), ppn | 0b1101_0011);
        assert_eq!(leaf(VmRights::KernelOnly, Execute::Allowed, UserPrivilege::U), ppn | 0b1101_1001);
        assert_eq!(leaf(VmRights::ReadWrite, Execute::Never, UserPrivilege::VS), ppn | 0b1100_0111);
    }

    #[test]
    fn a_mapping_that_allows_nothing_is_invalid() {
        let entry = Pte::user_leaf(PhysAddr(0x1000), VmRights::KernelOnly, Execute::Never, UserPrivilege::U);
        assert_eq!(entry, Pte::INVALID);
    }

    #[test]
    fn a_table_entry_leads_back_to_its_table_and_is_no_leaf() {
        let table: &'static PageTable = Box::leak(Box::default());
        let table = Obj::from_static(table);
        let entry = Pte::to_table(table);
        assert_eq!(entry.table(), Some(table));
        assert!(!entry.is_leaf_to(virt_to_phys(table.address())));
    }
}
