//! Preemption points of long operations.
//!
//! The kernel runs with interrupts off. An operation that can take long calls [`preemption_point`] after every unit of work;
//! when an interrupt waits, the operation stops with its progress recorded in the objects, the interrupt is handled, and the
//! system call is executed again when its thread next runs.

use crate::arch;
use crate::kernel::Kernel;

/// Units of work between two looks at the pending interrupts.
const WORK_UNITS_PER_LOOK: u64 = 100;

/// A long operation stopped for an interrupt and is to be restarted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Preempted;

/// Counts one unit of work and now and then stops the operation if an interrupt is pending.
pub fn preemption_point(k: &Kernel) -> Result<(), Preempted> {
    let units = k.work_units.get() + 1;
    if units < WORK_UNITS_PER_LOOK {
        k.work_units.set(units);
        return Ok(());
    }
    k.work_units.set(0);
    if arch::interrupt_pending(k) { Err(Preempted) } else { Ok(()) }
}
