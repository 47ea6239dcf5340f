//! The host, where no test runs.

use super::PRESERVED_REGISTERS;

/// Makes a system call with known values in all registers that it must not change, and gives what they are afterwards.
pub(crate) fn syscall_with_registers(
    _number: i64,
    _arguments: [u64; 2],
    _values: &[u64; PRESERVED_REGISTERS],
) -> [u64; PRESERVED_REGISTERS] {
    panic!("tests run on the riscv64 target only")
}
