//! The kernel's clock tick.

use super::{csr, sbi};
use crate::config::TICK_MS;
use crate::kernel::Kernel;

/// Clock ticks of the `time` register in one kernel tick.
pub(super) fn ticks_per_kernel_tick(tree: &fdt::Fdt<'_>) -> u64 {
    let timebase_hz = tree
        .find_node("/cpus")
        .and_then(|cpus| cpus.property("timebase-frequency"))
        .and_then(fdt::node::NodeProperty::as_usize)
        .expect("the device tree has no /cpus/timebase-frequency");
    timebase_hz as u64 * TICK_MS / 1000
}

/// Sleeps for about 100 microseconds. Waiting for another hart without sleeping would keep it from running where an emulator runs one
/// hart at a time.
pub(super) fn nap() {
    const TICKS: u64 = 1000;
    sbi::set_timer(csr::read!("time") as u64 + TICKS);
    super::interrupt::wait_for_interrupt();
}

/// Cycles that this hart has counted.
#[cfg(feature = "benchmark")]
pub fn cycles() -> u64 {
    csr::read!("cycle") as u64
}

/// Asks for the next tick.
pub fn restart_timer(k: &Kernel) {
    sbi::set_timer(csr::read!("time") as u64 + k.arch.ticks_per_kernel_tick);
}
