//! Interrupts as the portable kernel sees them.

/// The highest device interrupt source of the platform (QEMU virt: sources 1 to 95).
pub const MAX_DEVICE_IRQ: u16 = 95;

/// An interrupt that the kernel has taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Interrupt {
    /// Another hart wants something.
    Ipi,
    /// An identity is pending in an interrupt file whose owner is blocked.
    #[cfg(feature = "uintr")]
    GuestFiles,
    /// A doorbell was rung: requests of asynchronous system calls wait.
    #[cfg(feature = "async-syscall")]
    Doorbell,
    /// The kernel tick.
    Timer,
    /// A device interrupt source.
    Device(u16),
}

/// How a source signals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trigger {
    /// As long as the line is high.
    Level,
    /// When the line rises.
    Edge,
}

/// Registers of interrupt controllers and timers, which belong to the kernel: (address, bytes) per device-tree region. No device untyped
/// covers them, or whoever maps it could raise any interrupt anywhere.
pub fn kernel_devices(tree: &fdt::Fdt<'_>) -> impl Iterator<Item = (u64, u64)> {
    const KERNEL_OWNED: [&str; 6] =
        ["riscv,clint0", "sifive,clint0", "riscv,plic0", "sifive,plic-1.0.0", "riscv,aplic", "riscv,imsics"];
    tree.all_nodes()
        .filter(|node| {
            node.compatible().is_some_and(|names| names.all().any(|name| KERNEL_OWNED.contains(&name)))
        })
        .flat_map(|node| node.reg().into_iter().flatten())
        .filter_map(|region| Some((region.starting_address.addr() as u64, region.size? as u64)))
}
