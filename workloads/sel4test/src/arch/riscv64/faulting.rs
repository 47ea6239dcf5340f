//! Instructions that fault, each at an address that is known.

#![allow(unsafe_code, reason = "runs instructions that fault, and takes the addresses of instructions")]

use core::arch::global_asm;

use super::super::{Faulting, Site};

// Each function takes the operand of its instruction in a0 and a value in a1, which is in a0 when the instruction is
// executed, and returns a0. What a fault handler changes in between is what the caller gets.
global_asm!(
    ".section .text.rel4_faulting, \"ax\", @progbits",
    "rel4_faulting_load:",
    "    mv t0, a0",
    "    mv a0, a1",
    "rel4_faulting_load_at:",
    "    ld a0, 0(t0)",
    "rel4_faulting_load_resume:",
    "    ret",
    "rel4_faulting_store:",
    "    mv t0, a0",
    "    mv a0, a1",
    "rel4_faulting_store_at:",
    "    sd a0, 0(t0)",
    "rel4_faulting_store_resume:",
    "    ret",
    "rel4_faulting_fetch:",
    "    mv t0, a0",
    "    mv a0, a1",
    "    jr t0",
    "rel4_faulting_fetch_resume:",
    "    ret",
    "rel4_faulting_syscall:",
    "    mv a7, a0",
    "    mv a0, a1",
    "rel4_faulting_syscall_at:",
    "    ecall",
    "rel4_faulting_syscall_resume:",
    "    ret",
    // What the handler leaves in sp is the address of the value that counts.
    "rel4_faulting_illegal:",
    "    mv t0, sp",
    "    mv sp, a0",
    "    mv a0, a1",
    "rel4_faulting_illegal_at:",
    "    .4byte 0xffffffff",
    "rel4_faulting_illegal_resume:",
    "    ld a0, 0(sp)",
    "    mv sp, t0",
    "    ret",
);

/// One of the functions above.
type Function = unsafe extern "C" fn(operand: u64, value: u64) -> u64;

unsafe extern "C" {
    fn rel4_faulting_load(address: u64, value: u64) -> u64;
    fn rel4_faulting_store(address: u64, value: u64) -> u64;
    fn rel4_faulting_fetch(address: u64, value: u64) -> u64;
    fn rel4_faulting_syscall(number: u64, value: u64) -> u64;
    fn rel4_faulting_illegal(stack_pointer: u64, value: u64) -> u64;
    static rel4_faulting_load_at: u8;
    static rel4_faulting_load_resume: u8;
    static rel4_faulting_store_at: u8;
    static rel4_faulting_store_resume: u8;
    static rel4_faulting_fetch_resume: u8;
    static rel4_faulting_syscall_at: u8;
    static rel4_faulting_syscall_resume: u8;
    static rel4_faulting_illegal_at: u8;
    static rel4_faulting_illegal_resume: u8;
}

/// Executes the instruction with `operand`, `a0` being `value`; gives what `a0` is once a fault handler has let the thread
/// go on behind the instruction. An [`Faulting::Illegal`] gives the word at the stack pointer instead, which is `operand`
/// unless the handler changes it.
///
/// The operand is one with which the instruction faults, or with which it does nothing to memory that Rust knows.
pub(crate) fn execute(faulting: Faulting, operand: u64, value: u64) -> u64 {
    let function: Function = match faulting {
        Faulting::Load => rel4_faulting_load,
        Faulting::Store => rel4_faulting_store,
        Faulting::Fetch => rel4_faulting_fetch,
        Faulting::Syscall => rel4_faulting_syscall,
        Faulting::Illegal => rel4_faulting_illegal,
    };
    // SAFETY: the function keeps the calling convention, and its one access to memory is as described above.
    unsafe { function(operand, value) }
}

/// Where the instruction is that `execute` runs with `operand`, and where a handler lets the thread go on.
pub(crate) fn site(faulting: Faulting, operand: u64) -> Site {
    let address = |symbol: *const u8| symbol as u64;
    match faulting {
        Faulting::Load => Site {
            at: address(&raw const rel4_faulting_load_at),
            resume: address(&raw const rel4_faulting_load_resume),
        },
        Faulting::Store => Site {
            at: address(&raw const rel4_faulting_store_at),
            resume: address(&raw const rel4_faulting_store_resume),
        },
        // The jump itself does not fault; its target does.
        Faulting::Fetch => Site { at: operand, resume: address(&raw const rel4_faulting_fetch_resume) },
        Faulting::Syscall => Site {
            at: address(&raw const rel4_faulting_syscall_at),
            resume: address(&raw const rel4_faulting_syscall_resume),
        },
        Faulting::Illegal => Site {
            at: address(&raw const rel4_faulting_illegal_at),
            resume: address(&raw const rel4_faulting_illegal_resume),
        },
    }
}
