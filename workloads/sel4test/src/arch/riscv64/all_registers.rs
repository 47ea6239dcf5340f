//! A thread that starts with a known value in every register.

#![allow(unsafe_code, reason = "takes the address of an assembly routine")]

use core::arch::global_asm;

use rel4_abi::{CPtr, Register, Syscall, UserContext};

// Registers hold `VALUE` plus their number, but for a1, which is checked first and then holds what the others are
// compared with, and for a0, the endpoint where the outcome goes: label 0, or 1 with the number of a wrong register.
global_asm!(
    ".equ REL4_VALUE, {value}",
    ".macro rel4_compare register, number",
    "    li a1, REL4_VALUE + \\number",
    "    beq a1, \\register, 1f",
    "    li a2, \\number",
    "    j rel4_registers_differ",
    "1:",
    ".endm",
    ".section .text.rel4_compare_registers, \"ax\", @progbits",
    "rel4_compare_registers:",
    "    addi a1, a1, -{a1}",
    "    beqz a1, 2f",
    "    li a2, {a1}",
    "    j rel4_registers_differ",
    "2:",
    "    rel4_compare ra, 1",
    "    rel4_compare sp, 2",
    "    rel4_compare gp, 3",
    "    rel4_compare tp, 4",
    "    rel4_compare t0, 5",
    "    rel4_compare t1, 6",
    "    rel4_compare t2, 7",
    "    rel4_compare s0, 8",
    "    rel4_compare s1, 9",
    "    rel4_compare a2, 12",
    "    rel4_compare a3, 13",
    "    rel4_compare a4, 14",
    "    rel4_compare a5, 15",
    "    rel4_compare a6, 16",
    "    rel4_compare a7, 17",
    "    rel4_compare s2, 18",
    "    rel4_compare s3, 19",
    "    rel4_compare s4, 20",
    "    rel4_compare s5, 21",
    "    rel4_compare s6, 22",
    "    rel4_compare s7, 23",
    "    rel4_compare s8, 24",
    "    rel4_compare s9, 25",
    "    rel4_compare s10, 26",
    "    rel4_compare s11, 27",
    "    rel4_compare t3, 28",
    "    rel4_compare t4, 29",
    "    rel4_compare t5, 30",
    "    rel4_compare t6, 31",
    "    li a1, {same}",
    "    j 3f",
    "rel4_registers_differ:",
    "    li a1, {differ}",
    "3:  li a7, {send}",
    "    ecall",
    "    unimp",
    value = const VALUE,
    a1 = const A1,
    same = const tag(0),
    differ = const tag(1),
    send = const Syscall::Send as i64,
);

unsafe extern "C" {
    static rel4_compare_registers: u8;
}

const VALUE: u64 = 0x1e47_5a3c_96e1_0f00;
/// What `a1` holds: its number, which fits an immediate.
const A1: u64 = 11;

const fn tag(label: u64) -> u64 {
    rel4_abi::MessageInfo::new(label, 0, 0, 1).0
}

/// Registers with which a thread compares all its registers with what they are here, and then sends a message to
/// `endpoint`: label 0 if all are right, else label 1 and the hardware number of the first that is not. Behind that it
/// faults.
pub(crate) fn comparing_context(endpoint: CPtr) -> UserContext {
    let mut context = UserContext::default();
    for register in Register::ALL {
        let value = match register.hardware_number() {
            None => (&raw const rel4_compare_registers) as u64,
            Some(number) => VALUE + number as u64,
        };
        context.set(register, value);
    }
    context.set(Register::A0, endpoint.word());
    context.set(Register::A1, A1);
    context
}
