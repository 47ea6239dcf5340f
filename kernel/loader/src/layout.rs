//! Where each image goes, what it must not overlap, and what the kernel is told about it.
//!
//! The protocol is upstream seL4's: from the kernel's lowest physical address upwards lie, each from the next page on, the
//! kernel, the device tree, the root server, and one page with the root server's program headers.

use core::fmt;

use thiserror::Error;

use crate::elf::Executable;
use crate::range::{PAGE_SIZE, PhysRange, page_down, page_up};

/// Where the loader is linked: RAM base + 64 MiB, well above everything that it places.
pub const LOADER_BASE: u64 = 0x8400_0000;

/// What the loader places in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// The kernel's segments.
    Kernel,
    /// The copy of the device tree.
    DeviceTree,
    /// The root server's segments.
    RootServer,
    /// The page with the root server's program headers.
    ProgramHeaders,
}

/// What is in memory already and must stay as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occupant {
    /// The running loader and its payload.
    Loader,
    /// The device tree as the firmware left it.
    FirmwareDeviceTree,
    /// Memory that the firmware reserves.
    Reserved,
}

impl fmt::Display for Placed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kernel => "kernel",
            Self::DeviceTree => "device tree",
            Self::RootServer => "root server",
            Self::ProgramHeaders => "program headers",
        })
    }
}

impl fmt::Display for Occupant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loader => "the loader",
            Self::FirmwareDeviceTree => "the firmware's device tree",
            Self::Reserved => "memory reserved by the firmware",
        })
    }
}

/// Why the images cannot be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LayoutError {
    /// A kernel that no large page can map where it wants to be.
    #[error("kernel at {phys:#x} for {virt:#x}: needs a page boundary, and the same offset in a 2 MiB page")]
    KernelAlignment {
        /// Lowest physical address.
        phys: u64,
        /// Lowest virtual address.
        virt: u64,
    },
    /// Images whose end passes the end of the address space.
    #[error("{placed} of {len:#x} bytes from {start:#x} passes the end of the address space")]
    TooLarge {
        /// Which image.
        placed: Placed,
        /// Where it would start.
        start: u64,
        /// Its length in bytes.
        len: u64,
    },
    /// An image that does not lie in RAM.
    #[error("{placed} {range} does not lie in RAM")]
    OutsideRam {
        /// Which image.
        placed: Placed,
        /// Where it would lie.
        range: PhysRange,
    },
    /// An image that would destroy something in use.
    #[error("{placed} {range} overlaps {occupant} {taken}")]
    Overlap {
        /// Which image.
        placed: Placed,
        /// Where it would lie.
        range: PhysRange,
        /// What is there.
        occupant: Occupant,
        /// Where that lies.
        taken: PhysRange,
    },
}

/// Where an executable lies, physically and virtually.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// Whole pages of physical memory.
    pub phys: PhysRange,
    /// The virtual address of the first byte.
    pub virt_start: u64,
    /// The entry point, a virtual address.
    pub entry: u64,
}

/// Where everything goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The kernel.
    pub kernel: Image,
    /// The copy of the device tree, to the byte; its start is page aligned.
    pub device_tree: PhysRange,
    /// The root server.
    pub root_server: Image,
    /// The page after the root server.
    pub program_headers: PhysRange,
}

impl Layout {
    /// Lays out the images, with a device tree of `device_tree_len` bytes.
    ///
    /// # Errors
    ///
    /// The kernel's addresses cannot be mapped by large pages, or an image passes the end of the address space.
    pub fn plan(
        kernel: &Executable<'_>,
        device_tree_len: u64,
        root_server: &Executable<'_>,
    ) -> Result<Self, LayoutError> {
        let (phys, virt) = (kernel.lowest_paddr(), kernel.virt().start);
        let large_page = crate::sv39::LARGE_PAGE_SIZE;
        if page_down(phys) != phys || phys % large_page != virt % large_page {
            return Err(LayoutError::KernelAlignment { phys, virt });
        }
        let kernel = image(Placed::Kernel, kernel, phys)?;
        let device_tree = pages(Placed::DeviceTree, kernel.phys.end, device_tree_len)?;
        let root_server = image(Placed::RootServer, root_server, device_tree.end)?;
        Ok(Self {
            kernel,
            device_tree: PhysRange { start: device_tree.start, end: device_tree.start + device_tree_len },
            root_server,
            program_headers: pages(Placed::ProgramHeaders, root_server.phys.end, PAGE_SIZE)?,
        })
    }

    fn placed(&self) -> [(Placed, PhysRange); 4] {
        [
            (Placed::Kernel, self.kernel.phys),
            (Placed::DeviceTree, self.device_tree),
            (Placed::RootServer, self.root_server.phys),
            (Placed::ProgramHeaders, self.program_headers),
        ]
    }

    /// Checks that every image lies in one of the `banks` of RAM.
    ///
    /// # Errors
    ///
    /// [`LayoutError::OutsideRam`] for the first image that does not.
    pub fn check_in_ram(&self, banks: impl Iterator<Item = PhysRange>) -> Result<(), LayoutError> {
        let mut outside = self.placed().map(Some);
        for bank in banks {
            for image in &mut outside {
                *image = image.filter(|(_, range)| !bank.contains(range));
            }
        }
        match outside.into_iter().flatten().next() {
            Some((placed, range)) => Err(LayoutError::OutsideRam { placed, range }),
            None => Ok(()),
        }
    }

    /// Checks that no image overlaps `taken`.
    ///
    /// # Errors
    ///
    /// [`LayoutError::Overlap`] for the first image that does.
    pub fn check_apart_from(&self, occupant: Occupant, taken: PhysRange) -> Result<(), LayoutError> {
        match self.placed().into_iter().find(|(_, range)| range.overlaps(&taken)) {
            Some((placed, range)) => Err(LayoutError::Overlap { placed, range, occupant, taken }),
            None => Ok(()),
        }
    }

    /// What the kernel gets in registers a0 to a5, the same on every hart: the root server's physical start and end, its
    /// physical minus its virtual address, its entry point, and the device tree's address and length in bytes.
    #[must_use]
    pub fn arguments(&self) -> [u64; 6] {
        let user = &self.root_server;
        [
            user.phys.start,
            user.phys.end,
            user.phys.start.wrapping_sub(user.virt_start),
            user.entry,
            self.device_tree.start,
            self.device_tree.len(),
        ]
    }
}

/// An executable at the page `start`, rounded to whole pages in both address spaces.
fn image(placed: Placed, executable: &Executable<'_>, start: u64) -> Result<Image, LayoutError> {
    let virt = executable.virt();
    let virt_start = page_down(virt.start);
    let phys = pages(placed, start, virt.end - virt_start)?;
    Ok(Image { phys, virt_start, entry: executable.entry() })
}

/// The whole pages that `len` bytes from the page `start` take.
fn pages(placed: Placed, start: u64, len: u64) -> Result<PhysRange, LayoutError> {
    PhysRange::with_len(start, len)
        .and_then(|range| Some(PhysRange { start, end: page_up(range.end)? }))
        .ok_or(LayoutError::TooLarge { placed, start, len })
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec;
    use std::vec::Vec;

    use super::*;
    use crate::elf::tests::{TestSegment, test_elf};

    const KERNEL_VIRT: u64 = 0xffff_ffff_8020_0000;

    fn kernel_at(paddr: u64, memory_len: u64) -> Vec<u8> {
        let segment = TestSegment { vaddr: KERNEL_VIRT, paddr, memory_len, bytes: vec![1; 16] };
        test_elf(KERNEL_VIRT, &[segment])
    }

    fn root_server() -> Vec<u8> {
        let segment =
            TestSegment { vaddr: 0x1_0158, paddr: 0x1_0158, memory_len: 0x2000, bytes: vec![2; 16] };
        test_elf(0x1_0158, &[segment])
    }

    fn plan(kernel: &[u8], device_tree_len: u64) -> Result<Layout, LayoutError> {
        let root_server = root_server();
        let kernel = Executable::parse(kernel).unwrap();
        Layout::plan(&kernel, device_tree_len, &Executable::parse(&root_server).unwrap())
    }

    #[test]
    fn images_follow_each_other_page_by_page() {
        let layout = plan(&kernel_at(0x8020_0000, 0x1_2345), 0x1801).unwrap();
        assert_eq!(layout.kernel.phys, PhysRange { start: 0x8020_0000, end: 0x8021_3000 });
        assert_eq!(layout.device_tree, PhysRange { start: 0x8021_3000, end: 0x8021_4801 });
        assert_eq!(layout.root_server.phys, PhysRange { start: 0x8021_5000, end: 0x8021_8000 });
        assert_eq!(layout.root_server.virt_start, 0x1_0000);
        assert_eq!(layout.program_headers, PhysRange { start: 0x8021_8000, end: 0x8021_9000 });
    }

    #[test]
    fn the_kernel_is_told_what_the_protocol_says() {
        let layout = plan(&kernel_at(0x8020_0000, 0x1000), 0x1801).unwrap();
        let [start, end, offset, entry, tree, tree_len] = layout.arguments();
        assert_eq!((start, end), (0x8020_3000, 0x8020_6000));
        assert_eq!(offset, 0x8020_3000 - 0x1_0000);
        assert_eq!(entry, 0x1_0158);
        assert_eq!((tree, tree_len), (0x8020_1000, 0x1801));
    }

    #[test]
    fn a_kernel_that_large_pages_cannot_map_is_refused() {
        for paddr in [0x8020_0800, 0x8021_0000] {
            let refused = LayoutError::KernelAlignment { phys: paddr, virt: KERNEL_VIRT };
            assert_eq!(plan(&kernel_at(paddr, 0x1000), 64), Err(refused));
        }
    }

    #[test]
    fn an_image_past_the_address_space_is_refused() {
        let refused = plan(&kernel_at(0xffff_ffff_ffe0_0000, 0x1f_f001), u64::MAX / 2);
        assert!(matches!(refused, Err(LayoutError::TooLarge { placed: Placed::Kernel, .. })));
    }

    #[test]
    fn an_overlap_is_refused_with_both_addresses() {
        let layout = plan(&kernel_at(0x8020_0000, 0x1000), 64).unwrap();
        let taken = PhysRange { start: 0x8020_4000, end: 0x8020_5000 };
        let error = layout.check_apart_from(Occupant::Loader, taken).unwrap_err();
        let message = std::format!("{error}");
        assert!(message.contains("root server [0x80202000,0x80205000)"), "{message}");
        assert!(message.contains("the loader [0x80204000,0x80205000)"), "{message}");
        let free = PhysRange { start: 0x8400_0000, end: 0x8500_0000 };
        assert_eq!(layout.check_apart_from(Occupant::Loader, free), Ok(()));
    }

    #[test]
    fn every_image_must_lie_in_one_bank_of_ram() {
        let layout = plan(&kernel_at(0x8020_0000, 0x1000), 64).unwrap();
        let bank = |start, end| PhysRange { start, end };
        let (low, high) = (bank(0x8000_0000, 0x8020_2000), bank(0x8020_2000, 0xa000_0000));
        assert_eq!(layout.check_in_ram([low, high].into_iter()), Ok(()));
        let refused = layout.check_in_ram([low].into_iter());
        assert!(matches!(refused, Err(LayoutError::OutsideRam { placed: Placed::RootServer, .. })));
        let cut = [low, bank(0x8020_2000, 0x8020_4000), bank(0x8020_4000, 0xa000_0000)];
        let refused = layout.check_in_ram(cut.into_iter());
        assert!(matches!(refused, Err(LayoutError::OutsideRam { placed: Placed::RootServer, .. })));
    }
}
