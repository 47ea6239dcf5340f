//! The Sv39 page table on which the kernel is entered (RISC-V privileged specification, section 12.4).
//!
//! Two gigabytes are mapped, each from some 2 MiB page to its end, with 2 MiB pages: the loader's own, one to one, so that
//! it survives turning translation on; and the kernel's, from its virtual to its physical addresses. All of it is readable,
//! writable and executable for the supervisor; the kernel replaces it by its own table.

use thiserror::Error;

use crate::range::PhysRange;

/// Bytes that a leaf entry of a middle table maps.
pub const LARGE_PAGE_SIZE: u64 = 2 << 20;

/// Entries of a table.
const ENTRIES: usize = 512;
/// Bytes that a root entry covers.
const ROOT_ENTRY_SIZE: u64 = 1 << 30;
/// `satp.MODE` of Sv39.
const SATP_SV39: u64 = 8 << 60;

/// The V bit alone: a pointer to the next table.
const BRANCH: u64 = 1;
/// V, R, W, X, A and D; neither U nor G.
const LEAF: u64 = 0b1100_1111;

/// Why the kernel cannot be mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MapError {
    /// An address that Sv39 does not have.
    #[error("kernel address {0:#x} is not a canonical Sv39 address")]
    NotCanonical(u64),
    /// A kernel that does not end in the gigabyte in which it starts.
    #[error("kernel of {len:#x} bytes at {virt:#x} crosses a 1 GiB boundary")]
    CrossesGigabyte {
        /// Lowest virtual address.
        virt: u64,
        /// Bytes in memory.
        len: u64,
    },
    /// A kernel that is linked to where the loader runs.
    #[error("kernel at {virt:#x} shares its gigabyte with the loader at {loader:#x}")]
    SharesLoaderGigabyte {
        /// Lowest virtual address of the kernel.
        virt: u64,
        /// Address of the loader.
        loader: u64,
    },
}

/// One page table.
#[derive(Debug)]
#[repr(C, align(4096))]
struct Table([u64; ENTRIES]);

/// The tables in one block.
#[derive(Debug)]
#[repr(C)]
pub struct BootTables {
    root: Table,
    loader: Table,
    kernel: Table,
}

impl BootTables {
    /// Tables that map nothing.
    #[must_use]
    pub const fn empty() -> Self {
        Self { root: Table([0; ENTRIES]), loader: Table([0; ENTRIES]), kernel: Table([0; ENTRIES]) }
    }

    /// Maps the loader at `loader`, and `kernel` from the virtual address `kernel_virt` on. The tables themselves lie at
    /// the physical address `own`. The answer is the value for `satp`.
    ///
    /// # Errors
    ///
    /// See [`MapError`]; the tables are then unchanged.
    pub fn map(
        &mut self,
        own: u64,
        loader: u64,
        kernel: PhysRange,
        kernel_virt: u64,
    ) -> Result<u64, MapError> {
        let canonical = ((kernel_virt as i64) << 25 >> 25) as u64;
        if canonical != kernel_virt {
            return Err(MapError::NotCanonical(kernel_virt));
        }
        if kernel_virt % ROOT_ENTRY_SIZE + kernel.len() > ROOT_ENTRY_SIZE {
            return Err(MapError::CrossesGigabyte { virt: kernel_virt, len: kernel.len() });
        }
        if root_index(kernel_virt) == root_index(loader) {
            return Err(MapError::SharesLoaderGigabyte { virt: kernel_virt, loader });
        }
        let table_size = size_of::<Table>() as u64;
        self.root.0[root_index(loader)] = entry(own + table_size, BRANCH);
        self.root.0[root_index(kernel_virt)] = entry(own + 2 * table_size, BRANCH);
        self.loader.map_to_end(loader, loader);
        self.kernel.map_to_end(kernel_virt, kernel.start);
        Ok(SATP_SV39 | own >> 12)
    }
}

impl Table {
    /// Maps large pages from the one at `virt`, which is backed by the one at `phys`, up to the last of this table.
    fn map_to_end(&mut self, virt: u64, phys: u64) {
        let first = (virt / LARGE_PAGE_SIZE) as usize % ENTRIES;
        let backing = phys - phys % LARGE_PAGE_SIZE;
        for (slot, page) in self.0[first..].iter_mut().zip(0..) {
            *slot = entry(backing + page * LARGE_PAGE_SIZE, LEAF);
        }
    }
}

fn root_index(virt: u64) -> usize {
    (virt / ROOT_ENTRY_SIZE) as usize % ENTRIES
}

/// The physical page number starts at bit 10 of an entry.
fn entry(phys: u64, bits: u64) -> u64 {
    phys >> 12 << 10 | bits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OWN: u64 = 0x8401_0000;
    const LOADER: u64 = 0x8400_0000;
    const KERNEL_VIRT: u64 = 0xffff_ffff_8020_0000;
    const KERNEL: PhysRange = PhysRange { start: 0x8020_0000, end: 0x8030_0000 };

    /// What the hardware would find: a physical address and the flags of the leaf.
    fn walk(tables: &BootTables, virt: u64) -> Option<(u64, u64)> {
        let branch = tables.root.0[root_index(virt)];
        let address = branch >> 10 << 12;
        let table = match address.checked_sub(OWN)? / 4096 {
            1 => &tables.loader,
            2 => &tables.kernel,
            other => panic!("root entry leads to page {other} of the tables"),
        };
        let leaf = table.0[(virt / LARGE_PAGE_SIZE) as usize % ENTRIES];
        (leaf & 1 == 1).then(|| ((leaf >> 10 << 12) + virt % LARGE_PAGE_SIZE, leaf & 0x3ff))
    }

    fn mapped() -> BootTables {
        let mut tables = BootTables::empty();
        let satp = tables.map(OWN, LOADER, KERNEL, KERNEL_VIRT).unwrap();
        assert_eq!(satp, 8 << 60 | 0x84010);
        tables
    }

    #[test]
    fn loader_and_kernel_are_mapped_to_the_end_of_their_gigabytes() {
        let tables = mapped();
        assert_eq!(walk(&tables, LOADER), Some((LOADER, LEAF)));
        assert_eq!(walk(&tables, 0xbfff_ffff), Some((0xbfff_ffff, LEAF)));
        assert_eq!(walk(&tables, KERNEL_VIRT + 0x1234), Some((0x8020_1234, LEAF)));
        assert_eq!(walk(&tables, 0xffff_ffff_bfff_ffff), Some((0xbfff_ffff, LEAF)));
    }

    #[test]
    fn nothing_below_the_loader_or_the_kernel_is_mapped() {
        let tables = mapped();
        assert_eq!(walk(&tables, LOADER - 1), None);
        assert_eq!(walk(&tables, KERNEL_VIRT - 1), None);
        assert_eq!(walk(&tables, 0), None);
    }

    #[test]
    fn a_kernel_that_cannot_be_mapped_is_refused() {
        let mut tables = BootTables::empty();
        let mut map = |virt: u64, len: u64| {
            let kernel = PhysRange { start: 0x8020_0000, end: 0x8020_0000 + len };
            tables.map(OWN, LOADER, kernel, virt).unwrap_err()
        };
        assert_eq!(map(0x0080_0000_0020_0000, 1), MapError::NotCanonical(0x0080_0000_0020_0000));
        let virt = 0xffff_ffff_bfe0_0000;
        assert_eq!(map(virt, 0x20_0001), MapError::CrossesGigabyte { virt, len: 0x20_0001 });
        let virt = 0x8020_0000;
        assert_eq!(map(virt, 1), MapError::SharesLoaderGigabyte { virt, loader: LOADER });
    }

    proptest! {
        #[test]
        fn every_mapped_kernel_address_keeps_its_distance(offset in 0u64..0x3fe0_0000) {
            let found = walk(&mapped(), KERNEL_VIRT + offset).map(|(phys, _)| phys);
            prop_assert_eq!(found, Some(KERNEL.start + offset));
        }
    }
}
