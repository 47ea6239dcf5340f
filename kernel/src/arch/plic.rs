//! The platform-level interrupt controller (RISC-V PLIC specification 1.0).
//!
//! A source is claimed when its interrupt is taken and completed when the driver acknowledges it, so that a level-triggered line does
//! not interrupt again before the driver has seen to its device.

use super::hardware::hart_index;
use super::interrupt::MAX_DEVICE_IRQ;
use super::mmio::Registers;
use super::wiring::{SUPERVISOR_EXTERNAL, driven_lines};
use crate::config::MAX_HARTS;

const ENABLE: u64 = 0x2000;
const ENABLE_STRIDE: u64 = 0x80;
const THRESHOLD: u64 = 0x20_0000;
const CLAIM: u64 = THRESHOLD + 4;
const CONTEXT_STRIDE: u64 = 0x1000;
/// Any priority above the threshold of 0.
const PRIORITY: u32 = 2;

/// A PLIC and the contexts of the harts' supervisor modes in it.
pub(super) struct Plic {
    registers: Registers,
    contexts: [u64; MAX_HARTS],
}

impl Plic {
    pub(super) fn find(tree: &fdt::Fdt<'_>, harts: &[usize; MAX_HARTS]) -> Option<Self> {
        let node = tree.find_compatible(&["riscv,plic0", "sifive,plic-1.0.0"])?;
        let registers = Registers::of(&node)?;
        let mut contexts = [0; MAX_HARTS];
        for (context, &hart) in contexts.iter_mut().zip(harts) {
            *context = supervisor_context(tree, node, hart)?;
        }
        Some(Self { registers, contexts })
    }

    fn context(&self) -> u64 {
        self.contexts[hart_index()]
    }

    fn change_enable(&self, context: u64, irq: u16, change: impl FnOnce(u32, u32) -> u32) {
        let offset = ENABLE + context * ENABLE_STRIDE + u64::from(irq / 32) * 4;
        self.registers.write(offset, change(self.registers.read(offset), 1 << (irq % 32)));
    }

    /// Masks every source, on all harts. Once per machine, before user code runs.
    pub(super) fn set_up(&self) {
        for irq in 1..=MAX_DEVICE_IRQ {
            self.mask(irq);
            self.registers.write(u64::from(irq) * 4, PRIORITY);
        }
    }

    /// Lets what is unmasked interrupt this hart.
    pub(super) fn set_up_hart(&self) {
        self.registers.write(THRESHOLD + self.context() * CONTEXT_STRIDE, 0);
    }

    /// Lets a source interrupt this hart, also if its last owner never acknowledged an interrupt: a source can be completed only where it
    /// is enabled.
    pub(super) fn unmask(&self, irq: u16) {
        self.change_enable(self.context(), irq, |enabled, bit| enabled | bit);
        self.complete(irq);
    }

    pub(super) fn mask(&self, irq: u16) {
        for context in self.contexts {
            self.change_enable(context, irq, |enabled, bit| enabled & !bit);
        }
    }

    pub(super) fn claim(&self) -> Option<u16> {
        let irq = self.registers.read(CLAIM + self.context() * CONTEXT_STRIDE);
        u16::try_from(irq).ok().filter(|&irq| irq != 0)
    }

    pub(super) fn complete(&self, irq: u16) {
        self.registers.write(CLAIM + self.context() * CONTEXT_STRIDE, u32::from(irq));
    }
}

/// The number of the context that interrupts supervisor mode of `hart`: contexts are listed as (hart's controller, interrupt) pairs.
fn supervisor_context(tree: &fdt::Fdt<'_>, plic: fdt::node::FdtNode<'_, '_>, hart: usize) -> Option<u64> {
    let hart_controller = hart_interrupt_controller(tree, hart)?;
    let context = driven_lines(&plic).position(|line| line == (hart_controller, SUPERVISOR_EXTERNAL))?;
    Some(context as u64)
}

/// The phandle of the interrupt controller inside a hart.
fn hart_interrupt_controller(tree: &fdt::Fdt<'_>, hart: usize) -> Option<usize> {
    let cpu = tree.find_node("/cpus")?.children().find(|node| {
        node.name.starts_with("cpu@")
            && node.property("reg").and_then(fdt::node::NodeProperty::as_usize) == Some(hart)
    })?;
    let controller = cpu.children().find(|node| node.property("interrupt-controller").is_some())?;
    controller.property("phandle")?.as_usize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::hardware::on_hart;
    use crate::testing::machines::{self, FakeDevice};

    const BASE: u64 = 0x0c00_0000;
    /// Supervisor contexts of the machine: hart *h* has context 2*h* + 1.
    const fn enable_word(hart: u64) -> u64 {
        ENABLE + (2 * hart + 1) * ENABLE_STRIDE
    }

    fn plic() -> (FakeDevice, Plic) {
        let device = FakeDevice::at(BASE, 0x60_0000);
        (device, Plic::find(&machines::plic(), &core::array::from_fn(|hart| hart)).unwrap())
    }

    #[test]
    fn a_machine_with_imsics_has_none() {
        assert!(Plic::find(&machines::aia(), &[0; MAX_HARTS]).is_none());
    }

    #[test]
    fn what_the_firmware_left_unmasked_is_masked_on_every_hart() {
        let (mut device, plic) = plic();
        for hart in 0..MAX_HARTS as u64 {
            *device.register(enable_word(hart)) = !0;
        }
        plic.set_up();
        for hart in 0..MAX_HARTS as u64 {
            // There is no source 0.
            assert_eq!(*device.register(enable_word(hart)), 1);
        }
        assert_eq!(*device.register(4 * 10), PRIORITY);
    }

    #[test]
    fn a_hart_that_comes_later_masks_nothing_that_is_in_use() {
        let (mut device, plic) = plic();
        plic.set_up();
        plic.unmask(10);
        on_hart(MAX_HARTS - 1, || plic.set_up_hart());
        assert_eq!(*device.register(enable_word(0)), 1 << 10);
        plic.mask(10);
        assert_eq!(*device.register(enable_word(0)), 0);
    }

    #[test]
    fn a_source_that_was_claimed_and_never_acknowledged_interrupts_its_next_owner() {
        let (mut device, plic) = plic();
        plic.unmask(10);
        assert_eq!(*device.register(CLAIM + CONTEXT_STRIDE), 10, "completed");
    }

    #[test]
    fn sources_are_claimed_and_completed_in_the_context_of_the_hart() {
        let (mut device, plic) = plic();
        let claim = CLAIM + CONTEXT_STRIDE;
        assert_eq!(plic.claim(), None);
        *device.register(claim) = 33;
        assert_eq!(plic.claim(), Some(33));
        plic.complete(11);
        assert_eq!(*device.register(claim), 11);
    }
}
