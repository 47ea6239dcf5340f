//! What hart 0 does before any kernel code runs.

#![allow(unsafe_code, reason = "claims the memory that the checked layout names")]

use rel4_loader::device_tree::{DeviceTree, DeviceTreeError};
use rel4_loader::elf::{ElfError, Executable};
use rel4_loader::layout::{Layout, LayoutError, Occupant};
use rel4_loader::payload::{Contents, PayloadError};
use rel4_loader::range::PhysRange;
use rel4_loader::sv39::MapError;
use thiserror::Error;

use super::console::inform;
use super::harts::{self, KernelEntry, StartError};
use super::memory;

/// Why the kernel cannot be entered.
#[derive(Debug, Error)]
pub(super) enum BootError {
    #[error("{0}")]
    Payload(#[from] PayloadError),
    #[error("{0}")]
    DeviceTree(#[from] DeviceTreeError),
    #[error("kernel: {0}")]
    Kernel(ElfError),
    #[error("root server: {0}")]
    RootServer(ElfError),
    #[error("{0}")]
    Layout(#[from] LayoutError),
    #[error("{0}")]
    Map(#[from] MapError),
    #[error("{0}")]
    Start(#[from] StartError),
}

/// Places all images, makes the page table, and has every other hart that the kernel wants wait for the answer.
///
/// # Errors
///
/// See [`BootError`].
pub(super) fn prepare(hart: u64, firmware_tree: usize) -> Result<KernelEntry, BootError> {
    let firmware_tree = memory::firmware_tree(firmware_tree)?;
    let machine = DeviceTree::parse(firmware_tree)?;
    let start = memory::loader_start();
    let ram_end =
        machine.ram().find(|bank| (bank.start..bank.end).contains(&start)).map_or(0, |bank| bank.end);
    let payload = memory::payload(ram_end)?;
    let loader = PhysRange { start, end: range_of(payload).end };
    let contents = Contents::decode(payload)?;
    let kernel = Executable::parse(contents.kernel).map_err(BootError::Kernel)?;
    let root_server = Executable::parse(contents.root_server).map_err(BootError::RootServer)?;
    let kernel_tree = contents.device_tree.unwrap_or(firmware_tree);

    let layout = Layout::plan(&kernel, kernel_tree.len() as u64, &root_server)?;
    layout.check_in_ram(machine.ram())?;
    layout.check_apart_from(Occupant::Loader, loader)?;
    layout.check_apart_from(Occupant::FirmwareDeviceTree, range_of(firmware_tree))?;
    for reserved in machine.reserved() {
        layout.check_apart_from(Occupant::Reserved, reserved)?;
    }
    inform(format_args!("kernel={} entry={:#x}", layout.kernel.phys, layout.kernel.entry));
    inform(format_args!("device-tree={}", layout.device_tree));
    inform(format_args!("root-server={} entry={:#x}", layout.root_server.phys, layout.root_server.entry));

    // SAFETY: the checks above have accepted these four ranges, and they are disjoint by construction.
    let [kernel_memory, tree_memory, root_memory, header_memory] = unsafe {
        [layout.kernel.phys, layout.device_tree, layout.root_server.phys, layout.program_headers]
            .map(|range| memory::claim(range))
    };
    kernel.spread(layout.kernel.virt_start, kernel_memory);
    tree_memory.copy_from_slice(kernel_tree);
    root_server.spread(layout.root_server.virt_start, root_memory);
    header_memory.fill(0);
    root_server.write_program_headers(header_memory);

    let (tables, own) = memory::boot_tables();
    let satp = tables.map(own, loader.start, layout.kernel.phys, layout.kernel.virt_start)?;

    let secondaries = machine.harts().filter(|&other| other != hart);
    let started = harts::start(secondaries.take(contents.max_harts as usize - 1))?;
    inform(format_args!("harts={} boot-hart={hart}", started + 1));
    Ok(KernelEntry { satp, entry: layout.kernel.entry, arguments: layout.arguments() })
}

fn range_of(bytes: &[u8]) -> PhysRange {
    let range = bytes.as_ptr_range();
    PhysRange { start: range.start as u64, end: range.end as u64 }
}
