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

/// Variables of each thread, of 64 bits each.
pub(crate) const THREAD_LOCALS: usize = 64;

/// An instruction that faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Faulting {
    /// A load; the operand is the address.
    Load,
    /// A store; the operand is the address.
    Store,
    /// An instruction fetch; the operand is the address.
    Fetch,
    /// A system call; the operand is its number.
    Syscall,
    /// An illegal instruction; the operand is the stack pointer at that time.
    Illegal,
}

impl Faulting {
    const ALL: [Self; 5] = [Self::Load, Self::Store, Self::Fetch, Self::Syscall, Self::Illegal];

    /// The instruction with this number, as a helper is told.
    pub(crate) fn from_word(word: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|&faulting| faulting as u64 == word)
    }
}

/// Addresses of instructions around a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    /// The instruction that faults.
    pub(crate) at: u64,
    /// Where the thread can go on.
    pub(crate) resume: u64,
}
