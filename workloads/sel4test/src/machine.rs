//! What tests know of the kernel and the machine they run on.

/// Facts that the driver found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Whether the kernel has the debug system calls.
    pub debug_kernel: bool,
    /// Scheduling domains.
    pub domains: u64,
    /// Cores; more than one means the SMP label table.
    pub num_nodes: u64,
}
