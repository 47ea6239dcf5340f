//! Address-space identifiers: a two-level table from ASID to the root page table.

use core::cell::Cell;

use rel4_abi::vm::{ASID_POOL_INDEX_BITS, NUM_ASID_POOLS_BITS};

use super::PageTable;
use crate::cap::AsidPoolCap;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::remote;

const POOL_LEN: usize = 1 << ASID_POOL_INDEX_BITS;
const POOLS: usize = 1 << NUM_ASID_POOLS_BITS;

/// Identifier of an address space; 0 is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asid(pub u16);

impl Asid {
    const fn pool(self) -> usize {
        self.0 as usize >> ASID_POOL_INDEX_BITS
    }

    const fn index(self) -> usize {
        self.0 as usize & (POOL_LEN - 1)
    }
}

/// The root tables of 512 consecutive ASIDs. 4 KiB, zeroed memory is an empty pool.
#[repr(C, align(4096))]
pub struct AsidPool {
    roots: [Cell<Option<Obj<PageTable>>>; POOL_LEN],
}

const _: () = assert!(size_of::<AsidPool>() == 1 << rel4_abi::object::ASID_POOL_BITS);

/// The pools that exist.
pub struct AsidTable {
    pools: [Cell<Option<Obj<AsidPool>>>; POOLS],
}

impl AsidTable {
    /// A table without pools.
    pub const fn empty() -> Self {
        Self { pools: [const { Cell::new(None) }; POOLS] }
    }

    /// The first ASID of the first pool that does not exist yet.
    pub fn free_pool(&self) -> Option<Asid> {
        let index = self.pools.iter().position(|pool| pool.get().is_none())?;
        Some(Asid((index << ASID_POOL_INDEX_BITS) as u16))
    }

    /// Registers a new pool for the ASIDs from `base` on.
    pub fn add_pool(&self, base: Asid, pool: Obj<AsidPool>) {
        self.pools[base.pool() % POOLS].set(Some(pool));
    }

    /// The pool registered for the ASIDs from `base` on.
    #[inline(always)]
    pub fn pool(&self, base: Asid) -> Option<Obj<AsidPool>> {
        self.pools[base.pool() % POOLS].get()
    }

    /// The root table of an address space.
    #[inline(always)]
    pub fn root(&self, asid: Asid) -> Option<Obj<PageTable>> {
        self.pool(asid)?.roots[asid.index()].get()
    }

    /// Unhooks a pool: its address spaces have no ASID any more.
    pub fn delete_pool(&self, k: &Kernel, cap: AsidPoolCap) {
        if self.pool(cap.base) == Some(cap.pool) {
            self.pools[cap.base.pool() % POOLS].set(None);
            // First nobody translates through it any more, then what was cached goes: the identifiers will be given out again. Everything,
            // since a fence for each of the 512 would take much longer.
            remote::activate_spaces(k);
            remote::flush_all(k);
        }
    }

    /// Unhooks one address space, if `root` is still its root table.
    pub fn delete_space(&self, k: &Kernel, asid: Asid, root: Obj<PageTable>) {
        if let Some(pool) = self.pool(asid)
            && pool.roots[asid.index()].get() == Some(root)
        {
            pool.roots[asid.index()].set(None);
            remote::activate_spaces(k);
            remote::flush_asid(k, asid);
        }
    }
}

impl Obj<AsidPool> {
    /// A free ASID of the pool whose first one is `base`. ASID 0 is never given out.
    pub fn free_asid(self, base: Asid) -> Option<Asid> {
        (0..POOL_LEN)
            .map(|index| Asid(base.0 + index as u16))
            .find(|asid| asid.0 != 0 && self.roots[asid.index()].get().is_none())
    }

    /// Makes `root` the root table of `asid`, which belongs to this pool.
    pub fn assign(self, asid: Asid, root: Obj<PageTable>) {
        self.roots[asid.index()].set(Some(root));
    }
}
