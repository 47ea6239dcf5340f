//! What the device tree says about the machine.

use fdt::Fdt;
use fdt::node::{FdtNode, NodeProperty};

/// Serial ports that the runtime can drive.
const UART_COMPATIBLE: &[&str] = &["ns16550a"];

/// Alarm clocks that a workload can drive.
const ALARM_CLOCK_COMPATIBLE: &[&str] = &["google,goldfish-rtc"];

/// A device that interrupts when it is told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlarmClock {
    /// Physical address of its registers.
    pub paddr: u64,
    /// Its interrupt, as the kernel numbers it.
    pub irq: u64,
}

/// Devices behind the registers of virtio's memory-mapped transport. There may be none behind them: their registers tell.
const VIRTIO_COMPATIBLE: &str = "virtio,mmio";

/// The most of them that are told of.
pub const MAX_VIRTIO: usize = 8;

/// A device's registers and its interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// Physical address of its registers.
    pub paddr: u64,
    /// Its interrupt, as the kernel numbers it.
    pub irq: u64,
}

/// The parts of the device tree that the root task needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Platform<'a> {
    /// Boot arguments; empty if there are none.
    pub bootargs: &'a str,
    /// Physical address of the serial port's registers.
    pub uart_paddr: u64,
    /// Frequency of the `time` counter, in hertz, if the device tree says it.
    pub timebase_hz: Option<usize>,
    /// A real-time clock with an alarm, if there is one.
    pub alarm_clock: Option<AlarmClock>,
    /// Places for virtio devices.
    pub virtio: [Option<Device>; MAX_VIRTIO],
}

impl<'a> Platform<'a> {
    /// Reads a flattened device tree. `None` if it is none, or has no serial port.
    #[must_use]
    pub fn from_fdt(bytes: &'a [u8]) -> Option<Self> {
        let tree = Fdt::new(bytes).ok()?;
        let uart = tree.find_compatible(UART_COMPATIBLE)?.reg()?.next()?;
        let bootargs = tree
            .find_node("/chosen")
            .and_then(|chosen| chosen.property("bootargs"))
            .and_then(NodeProperty::as_str)
            .unwrap_or_default();
        let timebase_hz = tree
            .find_node("/cpus")
            .and_then(|cpus| cpus.property("timebase-frequency"))
            .and_then(NodeProperty::as_usize);
        Some(Self {
            bootargs,
            uart_paddr: uart.starting_address as u64,
            timebase_hz,
            alarm_clock: alarm_clock(&tree),
            virtio: virtio(&tree),
        })
    }
}

fn alarm_clock(tree: &Fdt<'_>) -> Option<AlarmClock> {
    let Device { paddr, irq } = device(&tree.find_compatible(ALARM_CLOCK_COMPATIBLE)?)?;
    Some(AlarmClock { paddr, irq })
}

fn virtio(tree: &Fdt<'_>) -> [Option<Device>; MAX_VIRTIO] {
    let is_virtio = |node: &FdtNode<'_, '_>| {
        node.compatible().is_some_and(|compatible| compatible.all().any(|name| name == VIRTIO_COMPATIBLE))
    };
    let mut devices = tree.all_nodes().filter(is_virtio).filter_map(|node| device(&node));
    core::array::from_fn(|_| devices.next())
}

fn device(node: &FdtNode<'_, '_>) -> Option<Device> {
    // The first cell is the number, whatever follows it.
    let irq = node.property("interrupts")?.value.first_chunk().copied().map(u32::from_be_bytes)?;
    Some(Device { paddr: node.reg()?.next()?.starting_address as u64, irq: u64::from(irq) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As QEMU 7.2 makes it for the machine `virt` with an AIA, packed.
    const QEMU_VIRT: &[u8] = include_bytes!("../fixtures/qemu-virt-aia.dtb");

    #[test]
    fn boot_arguments_devices_and_timebase_of_the_emulator_are_found() {
        let bootargs = "run=00c0ffee workload=ipc-pingpong rounds=16";
        let expected = Platform {
            bootargs,
            uart_paddr: 0x1000_0000,
            timebase_hz: Some(10_000_000),
            alarm_clock: Some(AlarmClock { paddr: 0x10_1000, irq: 11 }),
            virtio: [None; MAX_VIRTIO],
        };
        let found = Platform::from_fdt(QEMU_VIRT).expect("a device tree");
        assert_eq!(Platform { virtio: [None; MAX_VIRTIO], ..found }, expected);
        // The tree has them in no order of their own.
        for index in 0..MAX_VIRTIO as u64 {
            let place = Device { paddr: 0x1000_1000 + 0x1000 * index, irq: 1 + index };
            assert!(found.virtio.contains(&Some(place)), "{index}");
        }
    }

    #[test]
    fn what_is_no_device_tree_or_is_cut_off_is_refused() {
        assert_eq!(Platform::from_fdt(b"not a device tree"), None);
        assert_eq!(Platform::from_fdt(&QEMU_VIRT[..QEMU_VIRT.len() / 2]), None);
    }
}
