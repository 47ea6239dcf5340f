//! What the machine's memory is used for at boot, from the device tree and the loader's arguments.

use fdt::Fdt;

use super::LoaderArguments;
use super::region::{Region, Regions};
use crate::arch;

/// Physical addresses that user space can ever get: as in seL4, below 512 GiB.
const USER_TOP: u64 = 1 << 39;
const MEGA_BITS: u32 = 21;
const PAGE_BITS: u32 = 12;

/// The memory of the machine, by use.
pub(super) struct Memory {
    /// RAM that nothing uses yet.
    pub free: Regions,
    /// Everything that is neither RAM nor the kernel's.
    pub devices: Regions,
}

impl Memory {
    /// Sorts the machine's memory.
    pub(super) fn survey(tree: &Fdt<'_>, arguments: &LoaderArguments) -> Self {
        let (kernel_start, kernel_end) = arch::kernel_image();
        let kernel = Region { start: kernel_start.0, end: kernel_end.0 };

        // As in seL4, memory below the kernel is the firmware's and counts as a device.
        let usable = Region { start: kernel.start, end: arch::WINDOW_BYTES };
        let mut ram = Regions::EMPTY;
        for region in ram_of(tree) {
            ram.add(region.intersection(usable));
        }

        let image = Region { start: arguments.image_start, end: arguments.image_end };
        let device_tree = Region::sized(arguments.device_tree, arguments.device_tree_bytes);
        let mut taken = Regions::EMPTY;
        for region in [kernel, image, device_tree] {
            taken.add(region);
        }
        for region in reserved_in(tree) {
            taken.add(region.intersection(usable));
        }

        let mut free = ram.clone();
        for &region in taken.as_slice() {
            free.remove(region);
        }
        let mut devices = Regions::EMPTY;
        devices.add(Region { start: 0, end: USER_TOP });
        for &region in ram.as_slice().iter().chain(taken.as_slice()) {
            devices.remove(region);
        }
        for (start, bytes) in arch::kernel_devices(tree) {
            devices.remove(Region::sized(start, bytes).widened(device_granularity(bytes)));
        }
        Self { free, devices }
    }

    /// Takes `bytes` bytes, aligned to 2^`bits`, from the top-most free region that has them.
    pub(super) fn take_top(&mut self, bytes: u64, bits: u32) -> u64 {
        let fits = |region: &Region| {
            let start = region.end.checked_sub(bytes)? & !((1 << bits) - 1);
            (start >= region.start).then_some(start)
        };
        let start = self.free.as_slice().iter().rev().find_map(fits).unwrap_or_else(|| {
            panic!("no free memory for {bytes} bytes of initial objects; give the machine more RAM")
        });
        self.free.remove(Region::sized(start, bytes));
        start
    }
}

/// Kernel-owned device registers are kept in whole 2 MiB blocks, as in seL4, so that the untypeds around them are the same; small ones
/// between other devices in whole pages.
fn device_granularity(bytes: u64) -> u32 {
    if bytes >= 1 << 16 { MEGA_BITS } else { PAGE_BITS }
}

fn ram_of<'t>(tree: &'t Fdt<'_>) -> impl Iterator<Item = Region> + 't {
    tree.all_nodes()
        .filter(|node| {
            node.property("device_type").and_then(fdt::node::NodeProperty::as_str) == Some("memory")
        })
        .flat_map(|node| node.reg().into_iter().flatten())
        .filter_map(|region| Some(Region::sized(region.starting_address.addr() as u64, region.size? as u64)))
}

fn reserved_in<'t>(tree: &'t Fdt<'_>) -> impl Iterator<Item = Region> + 't {
    let listed = tree
        .memory_reservations()
        .map(|entry| Region::sized(entry.address().addr() as u64, entry.size() as u64));
    let nodes = tree
        .find_node("/reserved-memory")
        .into_iter()
        .flat_map(fdt::node::FdtNode::children)
        .flat_map(|node| node.reg().into_iter().flatten())
        .filter_map(|region| Some(Region::sized(region.starting_address.addr() as u64, region.size? as u64)));
    listed.chain(nodes)
}
