//! The advanced platform-level interrupt controller in MSI mode (RISC-V AIA specification 1.0, chapter 4): a source that interrupts stores
//! the identity of its own number into a hart's interrupt file.

use super::interrupt::{MAX_DEVICE_IRQ, Trigger};
use super::mmio::Registers;

const DOMAINCFG: u64 = 0;
const DOMAINCFG_IE_MSI: u32 = 1 << 8 | 1 << 2;
const SOURCECFG: u64 = 4;
const SOURCECFG_RISING_EDGE: u32 = 4;
const SOURCECFG_LEVEL_HIGH: u32 = 6;
const IN_CLRIP: u64 = 0x1d00;
const SETIPNUM: u64 = 0x1cdc;
const SETIENUM: u64 = 0x1edc;
const CLRIENUM: u64 = 0x1fdc;
const TARGET: u64 = 0x3004;
const TARGET_HART_SHIFT: u32 = 18;

/// The supervisor-level APLIC.
pub(super) struct Aplic {
    registers: Registers,
}

impl Aplic {
    /// Finds the APLIC whose messages go to the IMSIC with this phandle.
    pub(super) fn find(tree: &fdt::Fdt<'_>, imsic: usize) -> Option<Self> {
        let node = tree
            .all_nodes()
            .filter(|node| {
                node.compatible().is_some_and(|names| names.all().any(|name| name == "riscv,aplic"))
            })
            .find(|node| {
                node.property("msi-parent").and_then(fdt::node::NodeProperty::as_usize) == Some(imsic)
            })?;
        Some(Self { registers: Registers::of(&node)? })
    }

    /// Masks every source. Once per machine, before user code runs.
    pub(super) fn set_up(&self) {
        self.registers.write(DOMAINCFG, DOMAINCFG_IE_MSI);
        for irq in 1..=MAX_DEVICE_IRQ {
            self.mask(irq);
        }
    }

    pub(super) fn configure(&self, irq: u16, trigger: Trigger) {
        let mode = match trigger {
            Trigger::Level => SOURCECFG_LEVEL_HIGH,
            Trigger::Edge => SOURCECFG_RISING_EDGE,
        };
        self.registers.write(SOURCECFG + of_source(irq), mode);
    }

    /// Lets a source interrupt the hart with this number.
    pub(super) fn unmask(&self, irq: u16, hart: usize) {
        self.registers.write(TARGET + of_source(irq), (hart as u32) << TARGET_HART_SHIFT | u32::from(irq));
        self.registers.write(SETIENUM, u32::from(irq));
    }

    pub(super) fn mask(&self, irq: u16) {
        self.registers.write(CLRIENUM, u32::from(irq));
    }

    /// A level-triggered source sends one message per rise of its line; where the line is still high, it must be made to send again.
    /// Without the guard a low line would send a message too.
    pub(super) fn acknowledge(&self, irq: u16) {
        let level = self.registers.read(SOURCECFG + of_source(irq)) == SOURCECFG_LEVEL_HIGH;
        let high = self.registers.read(IN_CLRIP + u64::from(irq / 32) * 4) & (1 << (irq % 32)) != 0;
        if level && high {
            self.registers.write(SETIPNUM, u32::from(irq));
        }
    }
}

/// Offset of a source's register in an array that begins with source 1.
fn of_source(irq: u16) -> u64 {
    4 * (u64::from(irq) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::wiring::supervisor_imsic;
    use crate::testing::machines::{self, FakeDevice};

    const BASE: u64 = 0x0d00_0000;

    fn aplic() -> (FakeDevice, Aplic) {
        let tree = machines::aia();
        let imsic = supervisor_imsic(&tree).unwrap();
        assert_eq!(imsic.reg().unwrap().next().unwrap().starting_address.addr(), 0x2800_0000);
        let imsic = imsic.property("phandle").unwrap().as_usize().unwrap();
        (FakeDevice::at(BASE, 0x8000), Aplic::find(&tree, imsic).unwrap())
    }

    #[test]
    fn a_machine_with_a_plic_has_none() {
        assert!(supervisor_imsic(&machines::plic()).is_none());
    }

    #[test]
    fn a_source_sends_its_own_number_to_the_hart_that_asked() {
        let (mut device, aplic) = aplic();
        aplic.set_up();
        assert_eq!(*device.register(DOMAINCFG), DOMAINCFG_IE_MSI);
        assert_eq!(*device.register(CLRIENUM), u32::from(MAX_DEVICE_IRQ), "the last of all");
        aplic.configure(11, Trigger::Edge);
        aplic.unmask(11, 3);
        assert_eq!(*device.register(SOURCECFG + 4 * 10), SOURCECFG_RISING_EDGE);
        assert_eq!(*device.register(TARGET + 4 * 10), 3 << 18 | 11);
        assert_eq!(*device.register(SETIENUM), 11);
        aplic.mask(11);
        assert_eq!(*device.register(CLRIENUM), 11);
    }

    #[test]
    fn only_a_level_that_is_still_high_is_sent_again() {
        let (mut device, aplic) = aplic();
        for (trigger, line, sent) in
            [(Trigger::Level, 1 << (40 - 32), 40), (Trigger::Level, 0, 0), (Trigger::Edge, 1 << (40 - 32), 0)]
        {
            aplic.configure(40, trigger);
            *device.register(IN_CLRIP + 4) = line;
            *device.register(SETIPNUM) = 0;
            aplic.acknowledge(40);
            assert_eq!(*device.register(SETIPNUM), sent, "{trigger:?} {line}");
        }
    }
}
