//! Address spaces: walking their tables, mapping and unmapping.

use rel4_abi::vm::{LEAF_LEVEL_BITS, MIDDLE_LEVEL_BITS, ROOT_LEVEL_BITS};

use super::{Asid, PageTable};
use crate::arch::{self, Pte, PteSlot};
use crate::cap::{FrameCap, Mapping, PageTableCap};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::Tcb;
use crate::remote;

/// Where a walk ended: the entry, and log2 of the bytes it covers.
pub struct Walk {
    /// The entry that maps the address, or that would.
    pub entry: Obj<PteSlot>,
    /// 30, 21 or 12.
    pub bits: u32,
}

/// Walks from `root` towards `vaddr` as far as there are tables.
pub fn walk(root: Obj<PageTable>, vaddr: u64) -> Walk {
    let mut table = root;
    let mut bits = ROOT_LEVEL_BITS;
    loop {
        let entry = table.entry(vaddr, bits);
        match entry.get().table() {
            Some(next) if bits > LEAF_LEVEL_BITS => {
                table = next;
                bits -= ROOT_LEVEL_BITS - MIDDLE_LEVEL_BITS;
            }
            _ => return Walk { entry, bits },
        }
    }
}

/// Removes the mapping that a frame capability records, if it is still there.
pub fn unmap_frame(k: &Kernel, frame: &FrameCap) {
    let Some(Mapping { asid, vaddr }) = frame.mapping else { return };
    let Some(root) = k.asids.root(asid) else { return };
    let walk = walk(root, vaddr);
    if walk.bits == u32::from(frame.size.bits()) && walk.entry.get().is_leaf_to(frame.base) {
        walk.entry.set(Pte::INVALID);
        remote::flush_page(k, vaddr, asid);
    }
}

/// Unhooks a page table from the table above it, if it is still there.
pub fn unmap_table(k: &Kernel, asid: Asid, vaddr: u64, table: Obj<PageTable>) {
    let Some(root) = k.asids.root(asid) else { return };
    let mut above = root;
    let mut bits = ROOT_LEVEL_BITS;
    while bits > LEAF_LEVEL_BITS {
        let entry = above.entry(vaddr, bits);
        let Some(next) = entry.get().table() else { return };
        if next == table {
            entry.set(Pte::INVALID);
            remote::flush_asid(k, asid);
            return;
        }
        above = next;
        bits -= ROOT_LEVEL_BITS - MIDDLE_LEVEL_BITS;
    }
}

/// The last capability to a page table goes away: it is unmapped, or its address space ends.
pub fn finalise_page_table(k: &Kernel, cap: PageTableCap) {
    let Some(Mapping { asid, vaddr }) = cap.mapping else { return };
    if k.asids.root(asid) == Some(cap.table) {
        k.asids.delete_space(k, asid, cap.table);
    } else {
        unmap_table(k, asid, vaddr, cap.table);
    }
}

/// The address space of `thread`: its root table, if that still has its identifier, and the identifier.
#[inline(always)]
pub fn of_thread(k: &Kernel, thread: Obj<Tcb>) -> Option<(Obj<PageTable>, Asid)> {
    let PageTableCap { table, mapping } = thread.vspace_root().raw().as_page_table()?;
    let asid = mapping?.asid;
    (k.asids.root(asid) == Some(table)).then_some((table, asid))
}

/// Makes the hardware translate through the address space of `thread`. A thread without one, or whose root table has lost its
/// identifier, gets no user mappings at all.
#[inline(always)]
pub fn activate(k: &Kernel, thread: Obj<Tcb>) {
    match of_thread(k, thread) {
        Some((table, asid)) => {
            #[cfg(feature = "smp")]
            k.hart().seen.insert(asid);
            arch::activate_space(table, asid);
        }
        None => arch::activate_no_space(k),
    }
}
