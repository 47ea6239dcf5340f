//! Interrupts: timer ticks for the scheduler, device interrupts for the notification registered for their source.

use core::cell::Cell;

use rel4_markers::Cause;

use crate::arch::{self, Interrupt};
use crate::cap::slot::Slot;
use crate::cap::{Cap, delete, derivation};
use crate::config::MAX_HARTS;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::preempt::Preempted;
use crate::sched;

/// The highest interrupt number: as in seL4, the kernel's own follow the platform's sources, with several harts two kinds of
/// inter-processor interrupts, then the timer.
pub const MAX_IRQ: u16 = arch::MAX_DEVICE_IRQ + if MAX_HARTS > 1 { 3 } else { 1 };
const IRQS: usize = MAX_IRQ as usize + 1;

/// Who gets the interrupts of a source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Owner {
    /// Nobody asked for it; the source is masked.
    Inactive,
    /// The holder of its handler capability.
    User,
}

/// Interrupt sources.
pub struct IrqTable {
    owners: [Cell<Owner>; IRQS],
    /// The notification capability registered for each source.
    handlers: [Slot; IRQS],
}

impl IrqTable {
    /// No source has an owner.
    pub const fn empty() -> Self {
        Self {
            owners: [const { Cell::new(Owner::Inactive) }; IRQS],
            handlers: [const { Slot::empty() }; IRQS],
        }
    }

    /// Whether a handler capability for the source exists, or the kernel keeps it.
    pub fn is_taken(&self, irq: u16) -> bool {
        irq > arch::MAX_DEVICE_IRQ || self.owners[usize::from(irq)].get() == Owner::User
    }
}

/// The slot of the notification capability registered for a source.
#[allow(unsafe_code, reason = "names a slot inside the kernel state")]
fn handler_slot(k: &Kernel, irq: u16) -> Obj<Slot> {
    let slot: &Slot = &k.irqs.handlers[usize::from(irq)];
    // SAFETY: the kernel state outlives every capability.
    unsafe { Obj::from_address(core::ptr::from_ref(slot).expose_provenance()) }
}

/// Gives a source to user space: from now on its interrupts are let through.
pub fn issue(k: &Kernel, irq: u16) {
    k.irqs.owners[usize::from(irq)].set(Owner::User);
    arch::unmask_irq(k, irq);
}

/// The last handler capability of a source went away.
pub fn release(k: &Kernel, irq: u16) {
    k.irqs.owners[usize::from(irq)].set(Owner::Inactive);
    arch::mask_irq(k, irq);
}

/// Registers a notification capability, held in `slot`, for a source; it replaces the one before.
pub fn set_handler(k: &Kernel, irq: u16, cap: Cap, slot: Obj<Slot>) -> Result<(), Preempted> {
    forget_handler(k, irq)?;
    derivation::insert(cap, slot, handler_slot(k, irq));
    Ok(())
}

/// Drops the notification capability registered for a source. It may be the last one, and threads may wait at the notification.
pub fn forget_handler(k: &Kernel, irq: u16) -> Result<(), Preempted> {
    delete::delete(k, handler_slot(k, irq))
}

/// Handles the interrupt that is pending, if one still is. What it is for is told to whoever counts kernel entries by cause.
pub fn handle(k: &Kernel) {
    match arch::take_interrupt(k) {
        None => {}
        // Another hart has made a thread ready here, or asked for something that was done on the way in.
        Some(Interrupt::Ipi) => {
            rel4_markers::cause::<{ Cause::OtherHart.index() }>();
            sched::reschedule_required(k);
        }
        #[cfg(feature = "uintr")]
        Some(Interrupt::GuestFiles) => {
            rel4_markers::cause::<{ Cause::InterruptFile.index() }>();
            crate::uintr::wake_owners(k);
        }
        #[cfg(feature = "async-syscall")]
        Some(Interrupt::Doorbell) => {
            rel4_markers::cause::<{ Cause::InterruptFile.index() }>();
            crate::async_syscall::answer(k);
        }
        Some(Interrupt::Timer) => {
            rel4_markers::cause::<{ Cause::Timer.index() }>();
            sched::tick(k);
            #[cfg(feature = "async-syscall")]
            crate::async_syscall::tick(k);
            arch::restart_timer(k);
        }
        Some(Interrupt::Device(irq)) => {
            rel4_markers::cause::<{ Cause::Device.index() }>();
            if let Cap::Notification(cap) = handler_slot(k, irq).cap() {
                cap.notification.signal(k, cap.badge);
            } else {
                report_undelivered(irq);
            }
        }
    }
}

#[cfg(feature = "debug")]
fn report_undelivered(irq: u16) {
    crate::console::println!("Undelivered IRQ: {irq}");
}

#[cfg(not(feature = "debug"))]
fn report_undelivered(_irq: u16) {}
