//! RISC-V, 64 bits.

mod all_registers;
mod faulting;
mod registers;
mod thread_locals;

pub(crate) use all_registers::comparing_context;
pub(crate) use faulting::{execute, site};
pub(crate) use registers::syscall_with_registers;
pub(crate) use thread_locals::{thread_locals, thread_pointer};
