//! The host, where no test runs.

use core::sync::atomic::AtomicU64;

use rel4_abi::{CPtr, UserContext};

use super::{Faulting, PRESERVED_REGISTERS, Site, THREAD_LOCALS};

const NO_TESTS: &str = "tests run on the riscv64 target only";

/// Makes a system call with known values in all registers that it must not change, and gives what they are afterwards.
pub(crate) fn syscall_with_registers(
    _number: i64,
    _arguments: [u64; 2],
    _values: &[u64; PRESERVED_REGISTERS],
) -> [u64; PRESERVED_REGISTERS] {
    panic!("{NO_TESTS}")
}

/// Executes an instruction that faults.
pub(crate) fn execute(_faulting: Faulting, _operand: u64, _value: u64) -> u64 {
    panic!("{NO_TESTS}")
}

/// Where an instruction is that faults.
pub(crate) fn site(_faulting: Faulting, _operand: u64) -> Site {
    panic!("{NO_TESTS}")
}

/// Registers with which a thread compares all its registers with what they are here.
pub(crate) fn comparing_context(_endpoint: CPtr) -> UserContext {
    panic!("{NO_TESTS}")
}

/// What the thread pointer is now.
pub(crate) fn thread_pointer() -> u64 {
    panic!("{NO_TESTS}")
}

/// The variables of the running thread.
pub(crate) fn thread_locals() -> &'static [AtomicU64; THREAD_LOCALS] {
    panic!("{NO_TESTS}")
}
