//! Pending interrupts, and the machine's interrupt controller: a PLIC, or APLIC and IMSIC.

use core::arch::asm;

use super::aia::Aia;
use super::csr::{self, EXTERNAL_INTERRUPT, SOFTWARE_INTERRUPT, TIMER_INTERRUPT};
use super::sbi;
use crate::arch::plic::Plic;
use crate::arch::{Interrupt, MAX_DEVICE_IRQ, Trigger};
use crate::config::MAX_HARTS;
use crate::kernel::Kernel;

/// The interrupt controller.
pub(super) enum Controller {
    /// Platform-level interrupt controller.
    Plic(Plic),
    /// Advanced interrupt architecture.
    Aia(Aia),
    /// None that the kernel knows: device interrupts never come.
    None,
}

impl Controller {
    pub(super) fn find(tree: &fdt::Fdt<'_>, harts: &[usize; MAX_HARTS]) -> Self {
        if let Some(aia) = Aia::find(tree, harts) {
            Self::Aia(aia)
        } else if let Some(plic) = Plic::find(tree, harts) {
            Self::Plic(plic)
        } else {
            Self::None
        }
    }
}

/// What the kernel takes.
const ENABLED: usize =
    TIMER_INTERRUPT | EXTERNAL_INTERRUPT | if MAX_HARTS > 1 { SOFTWARE_INTERRUPT } else { 0 };

/// Masks every device source. Once per machine, before user code runs: later a source may be somebody's.
pub(super) fn set_up(k: &Kernel) {
    match &k.arch.interrupt_controller {
        Controller::Plic(plic) => plic.set_up(),
        Controller::Aia(aia) => aia.set_up(),
        Controller::None => {}
    }
}

/// Enables the interrupts that the kernel takes on this hart.
pub(super) fn set_up_hart(k: &Kernel) {
    match &k.arch.interrupt_controller {
        Controller::Plic(plic) => plic.set_up_hart(),
        Controller::Aia(aia) => aia.set_up_hart(),
        Controller::None => {}
    }
    // SAFETY: with `sstatus.SIE` clear the kernel itself is never interrupted.
    unsafe { csr::write!("sie", ENABLED) };
    #[cfg(feature = "async-syscall")]
    super::open_doorbell(k);
    // SAFETY: likewise; no file of a thread is armed yet.
    #[cfg(feature = "uintr")]
    unsafe {
        csr::write!("hie", csr::GUEST_EXTERNAL_INTERRUPT);
    }
}

/// Whether an interrupt waits.
pub fn interrupt_pending(_k: &Kernel) -> bool {
    csr::read!("sip") & (TIMER_INTERRUPT | EXTERNAL_INTERRUPT) != 0
}

/// Takes the interrupt that goes first, if one waits.
pub fn take_interrupt(k: &Kernel) -> Option<Interrupt> {
    let pending = csr::read!("sip");
    if pending & EXTERNAL_INTERRUPT != 0 {
        let claimed = match &k.arch.interrupt_controller {
            Controller::Plic(plic) => plic.claim(),
            Controller::Aia(aia) => aia.claim(),
            Controller::None => None,
        };
        return claimed.filter(|irq| (1..=MAX_DEVICE_IRQ).contains(irq)).map(Interrupt::Device);
    }
    #[cfg(feature = "uintr")]
    if super::armed_and_pending_files() != 0 {
        return Some(Interrupt::GuestFiles);
    }
    if MAX_HARTS > 1 && pending & SOFTWARE_INTERRUPT != 0 {
        // SAFETY: takes the interrupt back; whatever it stands for is looked at after this.
        unsafe { csr::clear!("sip", SOFTWARE_INTERRUPT) };
        return Some(Interrupt::Ipi);
    }
    if pending & TIMER_INTERRUPT != 0 {
        return Some(Interrupt::Timer);
    }
    // Last: work that can wait, and that stops when anything else does not.
    #[cfg(feature = "async-syscall")]
    if super::doorbell_rings() {
        return Some(Interrupt::Doorbell);
    }
    None
}

/// Interrupts another hart, by logical number.
pub fn send_ipi(k: &Kernel, hart: usize) {
    sbi::send_ipi(1, k.arch.hart_ids[hart]);
}

/// Stops the hart until an interrupt is pending.
pub fn wait_for_interrupt() {
    // SAFETY: wfi only waits; with `sstatus.SIE` clear it returns without a trap.
    unsafe { asm!("wfi", options(nomem, nostack)) };
}

/// Sets the trigger mode of a source, where the controller has one.
pub fn configure_irq(k: &Kernel, irq: u16, trigger: Trigger) {
    if let Controller::Aia(aia) = &k.arch.interrupt_controller {
        aia.configure(irq, trigger);
    }
}

/// Lets a source interrupt.
pub fn unmask_irq(k: &Kernel, irq: u16) {
    match &k.arch.interrupt_controller {
        Controller::Plic(plic) => plic.unmask(irq),
        Controller::Aia(aia) => aia.unmask(irq),
        Controller::None => {}
    }
}

/// Keeps a source from interrupting.
pub fn mask_irq(k: &Kernel, irq: u16) {
    match &k.arch.interrupt_controller {
        Controller::Plic(plic) => plic.mask(irq),
        Controller::Aia(aia) => aia.mask(irq),
        Controller::None => {}
    }
}

/// The driver is done with the interrupt that it got: the next one may come.
pub fn acknowledge_irq(k: &Kernel, irq: u16) {
    match &k.arch.interrupt_controller {
        Controller::Plic(plic) => plic.complete(irq),
        Controller::Aia(aia) => aia.acknowledge(irq),
        Controller::None => {}
    }
}
