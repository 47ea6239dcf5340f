//! From the loader to the first user instruction: survey the memory, build the root task with everything that is in the machine, and
//! tell it what it got.

mod memory;
mod region;
mod root_task;

use core::mem::MaybeUninit;

use fdt::Fdt;

use crate::arch::{self, PhysAddr};
use crate::kernel::Kernel;
use memory::Memory;

/// What the loader passes in a0 to a7 (seL4's loader protocol on RISC-V). Addresses are physical but for `entry`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct LoaderArguments {
    /// First byte of the root task's image, page aligned.
    pub image_start: u64,
    /// End of the image, page aligned.
    pub image_end: u64,
    /// Physical minus virtual address of the image.
    pub image_offset: u64,
    /// Virtual address of the root task's first instruction.
    pub entry: u64,
    /// The flattened device tree.
    pub device_tree: u64,
    /// Its size in bytes.
    pub device_tree_bytes: u64,
    /// This hart.
    pub hart: u64,
    /// Logical number of this hart; 0 boots.
    pub core: u64,
}

/// Boots. Afterwards the root task is the current thread.
pub fn boot<'k>(arguments: &LoaderArguments, kernel: &'k mut MaybeUninit<Kernel>) -> &'k Kernel {
    arch::leave_loader_space();
    let blob = device_tree(arguments);
    let tree = Fdt::new(blob).unwrap_or_else(|error| panic!("the device tree is damaged: {error:?}"));
    let memory = Memory::survey(&tree, arguments);
    let k = root_task::create(kernel, arch::State::new(&tree), arguments, blob, memory);
    arch::start(k);
    #[cfg(feature = "debug")]
    crate::console::println!("Booting all finished, dropped to user space");
    k
}

#[allow(unsafe_code, reason = "the device tree is a blob in memory")]
fn device_tree(arguments: &LoaderArguments) -> &'static [u8] {
    assert!(arguments.device_tree_bytes > 0, "the loader passed no device tree");
    let at = arch::phys_to_virt(PhysAddr(arguments.device_tree));
    // SAFETY: the loader put that many bytes there, `Memory::survey` takes them out of the free memory, and nobody writes them.
    unsafe { core::slice::from_raw_parts(at, arguments.device_tree_bytes as usize) }
}
