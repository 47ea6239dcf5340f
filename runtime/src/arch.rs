//! The processor: system calls, IPC buffer, counters, start-up code.
//!
//! Both implementations have the same names. The host's has no kernel; tests script one.

#[cfg(not(target_arch = "riscv64"))]
mod host;
#[cfg(target_arch = "riscv64")]
mod riscv64;

#[cfg(not(target_arch = "riscv64"))]
pub use host::*;
#[cfg(target_arch = "riscv64")]
pub use riscv64::*;
