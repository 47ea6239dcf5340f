//! Code that has to be written in assembly: what a test wants to know about single registers and single instructions.
//!
//! Both implementations have the same names. The host's does nothing; it lets everything else be checked there.

#[cfg(not(target_arch = "riscv64"))]
mod host;
#[cfg(target_arch = "riscv64")]
mod riscv64;

#[cfg(not(target_arch = "riscv64"))]
pub(crate) use host::*;
#[cfg(target_arch = "riscv64")]
pub(crate) use riscv64::*;

/// Registers that no system call may change: all but `a0` to `a5`, and those that the program cannot give up.
pub(crate) const PRESERVED_REGISTERS: usize = 21;
