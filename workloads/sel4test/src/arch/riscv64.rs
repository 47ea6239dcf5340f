//! RISC-V, 64 bits.

mod registers;

pub(crate) use registers::syscall_with_registers;
