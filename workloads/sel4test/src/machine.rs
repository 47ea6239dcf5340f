//! What tests know of the kernel and the machine they run on.

#[cfg(doc)]
use crate::cspace;

/// Facts that the driver found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Whether the kernel has the debug system calls.
    pub debug_kernel: bool,
    /// Whether the kernel has the benchmark system calls.
    pub benchmark_kernel: bool,
    /// Scheduling domains.
    pub domains: u64,
    /// Cores; more than one means the SMP label table.
    pub num_nodes: u64,
    /// Whether there is a clock with an alarm, which tests have at [`cspace::DEVICE_FRAME`] and [`cspace::TIMER_IRQ`].
    pub timer: bool,
}
