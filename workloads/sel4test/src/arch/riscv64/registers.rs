//! System calls with known values in all registers.

#![allow(unsafe_code, reason = "the `ecall` instruction")]

use core::arch::global_asm;

use super::super::PRESERVED_REGISTERS;

// a0 = values, a1 = system call number, a2 and a3 = what it gets in a0 and a1. `a7` is the last of the registers, and has
// the number; the others get their values. All of them go back to where the values were.
global_asm!(
    ".section .text.rel4_syscall_with_registers, \"ax\", @progbits",
    "rel4_syscall_with_registers:",
    "    addi sp, sp, -128",
    "    sd ra, 0(sp)",
    "    sd s0, 8(sp)",
    "    sd s1, 16(sp)",
    "    sd s2, 24(sp)",
    "    sd s3, 32(sp)",
    "    sd s4, 40(sp)",
    "    sd s5, 48(sp)",
    "    sd s6, 56(sp)",
    "    sd s7, 64(sp)",
    "    sd s8, 72(sp)",
    "    sd s9, 80(sp)",
    "    sd s10, 88(sp)",
    "    sd s11, 96(sp)",
    "    sd a0, 104(sp)",
    "    mv a7, a1",
    "    ld s0, 0(a0)",
    "    ld s1, 8(a0)",
    "    ld s2, 16(a0)",
    "    ld s3, 24(a0)",
    "    ld s4, 32(a0)",
    "    ld s5, 40(a0)",
    "    ld s6, 48(a0)",
    "    ld s7, 56(a0)",
    "    ld s8, 64(a0)",
    "    ld s9, 72(a0)",
    "    ld s10, 80(a0)",
    "    ld s11, 88(a0)",
    "    ld t0, 96(a0)",
    "    ld t1, 104(a0)",
    "    ld t2, 112(a0)",
    "    ld t3, 120(a0)",
    "    ld t4, 128(a0)",
    "    ld t5, 136(a0)",
    "    ld t6, 144(a0)",
    "    ld a6, 152(a0)",
    "    mv a0, a2",
    "    mv a1, a3",
    "    ecall",
    "    ld a0, 104(sp)",
    "    sd s0, 0(a0)",
    "    sd s1, 8(a0)",
    "    sd s2, 16(a0)",
    "    sd s3, 24(a0)",
    "    sd s4, 32(a0)",
    "    sd s5, 40(a0)",
    "    sd s6, 48(a0)",
    "    sd s7, 56(a0)",
    "    sd s8, 64(a0)",
    "    sd s9, 72(a0)",
    "    sd s10, 80(a0)",
    "    sd s11, 88(a0)",
    "    sd t0, 96(a0)",
    "    sd t1, 104(a0)",
    "    sd t2, 112(a0)",
    "    sd t3, 120(a0)",
    "    sd t4, 128(a0)",
    "    sd t5, 136(a0)",
    "    sd t6, 144(a0)",
    "    sd a6, 152(a0)",
    "    sd a7, 160(a0)",
    "    ld ra, 0(sp)",
    "    ld s0, 8(sp)",
    "    ld s1, 16(sp)",
    "    ld s2, 24(sp)",
    "    ld s3, 32(sp)",
    "    ld s4, 40(sp)",
    "    ld s5, 48(sp)",
    "    ld s6, 56(sp)",
    "    ld s7, 64(sp)",
    "    ld s8, 72(sp)",
    "    ld s9, 80(sp)",
    "    ld s10, 88(sp)",
    "    ld s11, 96(sp)",
    "    addi sp, sp, 128",
    "    ret",
);

unsafe extern "C" {
    fn rel4_syscall_with_registers(
        values: *mut [u64; PRESERVED_REGISTERS],
        number: i64,
        first: u64,
        second: u64,
    );
}

const _: () = assert!(PRESERVED_REGISTERS == 21);

/// Makes a system call with known values in all registers that it must not change, and gives what they are afterwards.
/// The last value is replaced by the call's number. The call must be one that changes no memory.
pub(crate) fn syscall_with_registers(
    number: i64,
    [first, second]: [u64; 2],
    values: &[u64; PRESERVED_REGISTERS],
) -> [u64; PRESERVED_REGISTERS] {
    let mut values = *values;
    // SAFETY: reads and writes the values only, and restores what a function has to.
    unsafe { rel4_syscall_with_registers(&raw mut values, number, first, second) };
    values
}
