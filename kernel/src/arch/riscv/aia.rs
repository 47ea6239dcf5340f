//! The advanced interrupt architecture (RISC-V AIA specification 1.0): APLIC in MSI mode and the hart's IMSIC.
//!
//! Every device source gets the interrupt identity of its own number, in the supervisor file of the hart that issued it.

use super::csr;
use super::hart_index;
use crate::arch::aplic::Aplic;
use crate::arch::interrupt::Trigger;
use crate::arch::wiring::supervisor_imsic;
use crate::config::MAX_HARTS;

/// Interrupt delivery on, in `eidelivery`.
const DELIVER: usize = 1;
const EIDELIVERY: usize = 0x70;
const EITHRESHOLD: usize = 0x72;
const EIE0: usize = 0xc0;
/// Identities of an interrupt file.
const IDENTITIES: usize = 256;

/// The supervisor-level APLIC, and the harts whose IMSICs take its interrupts.
pub(super) struct Aia {
    aplic: Aplic,
    harts: [usize; MAX_HARTS],
}

impl Aia {
    pub(super) fn find(tree: &fdt::Fdt<'_>, harts: &[usize; MAX_HARTS]) -> Option<Self> {
        let imsic = supervisor_imsic(tree)?.property("phandle")?.as_usize()?;
        Some(Self { aplic: Aplic::find(tree, imsic)?, harts: *harts })
    }

    /// Masks every source. Once per machine, before user code runs.
    pub(super) fn set_up(&self) {
        self.aplic.set_up();
    }

    /// Masks every identity of this hart's own file, where none was let through yet, and lets the file interrupt.
    pub(super) fn set_up_hart(&self) {
        for register in (0..IDENTITIES / 32).step_by(2) {
            change_file(EIE0 + register, |_| 0);
        }
        change_file(EITHRESHOLD, |_| 0);
        change_file(EIDELIVERY, |_| DELIVER);
    }

    pub(super) fn configure(&self, irq: u16, trigger: Trigger) {
        self.aplic.configure(irq, trigger);
    }

    pub(super) fn unmask(&self, irq: u16) {
        change_identity(irq, |enabled, bit| enabled | bit);
        self.aplic.unmask(irq, self.harts[hart_index()]);
    }

    pub(super) fn mask(&self, irq: u16) {
        self.aplic.mask(irq);
        change_identity(irq, |enabled, bit| enabled & !bit);
    }

    pub(super) fn claim(&self) -> Option<u16> {
        // SAFETY: reading and writing stopei claims the identity that goes first; the kernel takes it from here.
        let top = unsafe { csr::swap!("0x15c", 0) };
        let identity = (top >> 16) as u16;
        (identity != 0).then_some(identity)
    }

    pub(super) fn acknowledge(&self, irq: u16) {
        self.aplic.acknowledge(irq);
    }
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
