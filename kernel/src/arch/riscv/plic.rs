//! The platform-level interrupt controller (RISC-V PLIC specification 1.0).
//!
//! A source is claimed when its interrupt is taken and completed when the driver acknowledges it, so that a level-triggered line does
//! not interrupt again before the driver has seen to its device.

use super::hart_index;
use super::interrupt::{MAX_DEVICE_IRQ, SUPERVISOR_EXTERNAL};
use super::mmu::phys_to_virt;
use crate::arch::PhysAddr;
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
    base: PhysAddr,
    contexts: [u64; MAX_HARTS],
}

impl Plic {
    pub(super) fn find(tree: &fdt::Fdt<'_>, harts: &[usize; MAX_HARTS]) -> Option<Self> {
        let node = tree.find_compatible(&["riscv,plic0", "sifive,plic-1.0.0"])?;
        let base = PhysAddr(node.reg()?.next()?.starting_address.addr() as u64);
        let mut contexts = [0; MAX_HARTS];
        for (context, &hart) in contexts.iter_mut().zip(harts) {
            *context = supervisor_context(tree, node, hart)?;
        }
        Some(Self { base, contexts })
    }

    fn context(&self) -> u64 {
        self.contexts[hart_index()]
    }

    fn register(&self, offset: u64) -> *mut u32 {
        phys_to_virt(self.base.offset(offset)).cast()
    }

    fn read(&self, offset: u64) -> u32 {
        // SAFETY: the device tree says that a PLIC is there, and no user frame covers it.
        unsafe { self.register(offset).read_volatile() }
    }

    fn write(&self, offset: u64, value: u32) {
        // SAFETY: as in `read`.
        unsafe { self.register(offset).write_volatile(value) };
    }

    fn change_enable(&self, context: u64, irq: u16, change: impl FnOnce(u32, u32) -> u32) {
        let offset = ENABLE + context * ENABLE_STRIDE + u64::from(irq / 32) * 4;
        self.write(offset, change(self.read(offset), 1 << (irq % 32)));
    }

    /// Masks every source and drops what was pending from before.
    pub(super) fn set_up(&self) {
        for irq in 1..=MAX_DEVICE_IRQ {
            self.mask(irq);
            self.write(u64::from(irq) * 4, PRIORITY);
        }
        self.write(THRESHOLD + self.context() * CONTEXT_STRIDE, 0);
    }

    pub(super) fn unmask(&self, irq: u16) {
        self.change_enable(self.context(), irq, |enabled, bit| enabled | bit);
    }

    pub(super) fn mask(&self, irq: u16) {
        for context in self.contexts {
            self.change_enable(context, irq, |enabled, bit| enabled & !bit);
        }
    }

    pub(super) fn claim(&self) -> Option<u16> {
        let irq = self.read(CLAIM + self.context() * CONTEXT_STRIDE);
        u16::try_from(irq).ok().filter(|&irq| irq != 0)
    }

    pub(super) fn complete(&self, irq: u16) {
        self.write(CLAIM + self.context() * CONTEXT_STRIDE, u32::from(irq));
    }
}

/// The number of the context that interrupts supervisor mode of `hart`: contexts are listed as (hart's controller, interrupt) pairs.
fn supervisor_context(tree: &fdt::Fdt<'_>, plic: fdt::node::FdtNode<'_, '_>, hart: usize) -> Option<u64> {
    let hart_controller = hart_interrupt_controller(tree, hart)?;
    let pairs = plic.property("interrupts-extended")?.value.chunks_exact(8);
    let cell = |bytes: &[u8]| bytes.iter().fold(0, |word, &byte| word << 8 | usize::from(byte));
    pairs
        .enumerate()
        .find(|(_, pair)| cell(&pair[..4]) == hart_controller && cell(&pair[4..]) == SUPERVISOR_EXTERNAL)
        .map(|(context, _)| context as u64)
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
