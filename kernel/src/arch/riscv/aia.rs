//! The advanced interrupt architecture (RISC-V AIA specification 1.0): APLIC in MSI mode and the hart's IMSIC.
//!
//! Every device source gets the interrupt identity of its own number, in the supervisor file of the hart that issued it.

use super::csr;
use super::hart_index;
use super::interrupt::{MAX_DEVICE_IRQ, SUPERVISOR_EXTERNAL, Trigger};
use super::mmu::phys_to_virt;
use crate::arch::PhysAddr;
use crate::config::MAX_HARTS;

/// Interrupt delivery on, in `eidelivery`.
const DELIVER: usize = 1;
const EIDELIVERY: usize = 0x70;
const EITHRESHOLD: usize = 0x72;
const EIE0: usize = 0xc0;
/// Identities of an interrupt file.
const IDENTITIES: usize = 256;

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

/// The supervisor-level APLIC, and the harts whose IMSICs take its interrupts.
pub(super) struct Aia {
    aplic: PhysAddr,
    harts: [usize; MAX_HARTS],
}

impl Aia {
    pub(super) fn find(tree: &fdt::Fdt<'_>, harts: &[usize; MAX_HARTS]) -> Option<Self> {
        // Of the two IMSICs the supervisor's raises the supervisor external interrupt; of the APLICs the supervisor's sends to it.
        let imsic = tree.all_nodes().filter(|node| is(node, "riscv,imsics")).find(|node| {
            let cells = node.property("interrupts-extended").map_or(&[][..], |property| property.value);
            cells.chunks_exact(8).any(|pair| pair[4..] == (SUPERVISOR_EXTERNAL as u32).to_be_bytes())
        })?;
        let imsic = imsic.property("phandle")?.as_usize()?;
        let aplic = tree.all_nodes().filter(|node| is(node, "riscv,aplic")).find(|node| {
            node.property("msi-parent").and_then(fdt::node::NodeProperty::as_usize) == Some(imsic)
        })?;
        let aplic = PhysAddr(aplic.reg()?.next()?.starting_address.addr() as u64);
        Some(Self { aplic, harts: *harts })
    }

    fn register(&self, offset: u64) -> *mut u32 {
        phys_to_virt(self.aplic.offset(offset)).cast()
    }

    fn read(&self, offset: u64) -> u32 {
        // SAFETY: the device tree says that an APLIC is there, and no user frame covers it.
        unsafe { self.register(offset).read_volatile() }
    }

    fn write(&self, offset: u64, value: u32) {
        // SAFETY: as in `read`.
        unsafe { self.register(offset).write_volatile(value) };
    }

    /// Masks every source and every identity.
    pub(super) fn set_up(&self) {
        self.write(DOMAINCFG, DOMAINCFG_IE_MSI);
        for irq in 1..=MAX_DEVICE_IRQ {
            self.write(CLRIENUM, u32::from(irq));
        }
        for register in (0..IDENTITIES / 32).step_by(2) {
            change_file(EIE0 + register, |_| 0);
        }
        change_file(EITHRESHOLD, |_| 0);
        change_file(EIDELIVERY, |_| DELIVER);
    }

    pub(super) fn configure(&self, irq: u16, trigger: Trigger) {
        let mode = match trigger {
            Trigger::Level => SOURCECFG_LEVEL_HIGH,
            Trigger::Edge => SOURCECFG_RISING_EDGE,
        };
        self.write(SOURCECFG + 4 * (u64::from(irq) - 1), mode);
    }

    pub(super) fn unmask(&self, irq: u16) {
        change_identity(irq, |enabled, bit| enabled | bit);
        let hart = self.harts[hart_index()] as u32;
        self.write(TARGET + 4 * (u64::from(irq) - 1), hart << TARGET_HART_SHIFT | u32::from(irq));
        self.write(SETIENUM, u32::from(irq));
    }

    pub(super) fn mask(&self, irq: u16) {
        self.write(CLRIENUM, u32::from(irq));
        change_identity(irq, |enabled, bit| enabled & !bit);
    }

    pub(super) fn claim(&self) -> Option<u16> {
        // SAFETY: reading and writing stopei claims the identity that goes first; the kernel takes it from here.
        let top = unsafe { csr::swap!("0x15c", 0) };
        let identity = (top >> 16) as u16;
        (identity != 0).then_some(identity)
    }

    /// A level-triggered source sends one message per rise of its line; where the line is still high, it must be made to send again.
    /// Without the guard a low line would send a message too.
    pub(super) fn acknowledge(&self, irq: u16) {
        let level = self.read(SOURCECFG + 4 * (u64::from(irq) - 1)) == SOURCECFG_LEVEL_HIGH;
        let high = self.read(IN_CLRIP + u64::from(irq / 32) * 4) & (1 << (irq % 32)) != 0;
        if level && high {
            self.write(SETIPNUM, u32::from(irq));
        }
    }
}

fn is(node: &fdt::node::FdtNode<'_, '_>, name: &str) -> bool {
    node.compatible().is_some_and(|names| names.all().any(|n| n == name))
}

fn change_identity(identity: u16, change: impl FnOnce(usize, usize) -> usize) {
    // With 64-bit registers only the even-numbered ones exist, each holding 64 identities.
    let register = EIE0 + usize::from(identity) / 64 * 2;
    change_file(register, |enabled| change(enabled, 1 << (identity % 64)));
}

/// Changes a register of the hart's own supervisor interrupt file, through `siselect` and `sireg`.
fn change_file(register: usize, change: impl FnOnce(usize) -> usize) {
    // SAFETY: the kernel owns the supervisor file; the register numbers are those of the specification.
    unsafe {
        csr::write!("0x150", register);
    }
    let value = csr::read!("0x151");
    // SAFETY: as above.
    unsafe { csr::write!("0x151", change(value)) };
}
