//! Memory-mapped device registers.
#![allow(unsafe_code, reason = "device registers are accessed by address")]

use super::PhysAddr;
use super::hardware::phys_to_virt;

/// The 32-bit registers of a device that belongs to the kernel.
pub(super) struct Registers {
    base: PhysAddr,
}

impl Registers {
    /// The registers of the first region of a device-tree node: the kernel keeps that region (`kernel_devices`), so no user frame
    /// covers it.
    pub(super) fn of(node: &fdt::node::FdtNode<'_, '_>) -> Option<Self> {
        Some(Self { base: PhysAddr(node.reg()?.next()?.starting_address.addr() as u64) })
    }

    fn at(&self, offset: u64) -> *mut u32 {
        phys_to_virt(self.base.offset(offset)).cast()
    }

    /// Reads the register at `offset` bytes.
    pub(super) fn read(&self, offset: u64) -> u32 {
        // SAFETY: the device tree says that the device is there; the window reaches it.
        unsafe { self.at(offset).read_volatile() }
    }

    /// Writes the register at `offset` bytes.
    pub(super) fn write(&self, offset: u64, value: u32) {
        // SAFETY: as in `read`.
        unsafe { self.at(offset).write_volatile(value) };
    }
}
