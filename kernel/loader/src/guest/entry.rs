//! The first instructions of every hart.
//!
//! The firmware starts the loader on whichever hart won its lottery. Logical core 0 is hart 0, so another hart starts hart 0
//! in its place and stops itself; where there is no hart 0 it carries on. Whoever comes later is a secondary hart.
//!
//! All harts start at the same address, and a secondary does not trust the argument it is started with: OpenSBI before 1.3 lets a
//! hart go before it has written where to and with what, so that now and then one starts as the loader itself was started.

#![allow(unsafe_code, reason = "entry points are called from assembly, by name")]

use core::arch::global_asm;
use core::sync::atomic::AtomicU64;

use super::{boot, failure, harts, sbi};

global_asm!(
    r#"
    .section .text.entry, "ax"
    .globl _start
    // a0: hart id, a1: device tree.
_start:
    csrw sie, zero
    la t0, {started}
    li t1, 1
    .option push
    .option arch, +a
    amoswap.d.aqrl t1, t1, (t0)
    .option pop
    beqz a0, 2f
    bnez t1, 5f
    mv s0, a0
    mv s1, a1
    li a0, 0
    la a1, _start
    mv a2, s1
    li a6, {hart_start}
    li a7, {hsm}
    ecall
    bnez a0, 1f
    li a6, {hart_stop}
    ecall
1:  // There is no hart 0 to hand over to.
    mv a0, s0
    mv a1, s1
2:  la t0, __bss_start
    la t1, __bss_end
3:  bgeu t0, t1, 4f
    sd zero, 0(t0)
    addi t0, t0, 8
    j 3b
4:  la t0, loader_trap_vector
    csrw stvec, t0
    la sp, __primary_stack_top
    tail loader_primary

5:  la t0, loader_trap_vector
    csrw stvec, t0
    la t0, {starting}
    ld a1, 0(t0)
    la sp, __secondary_stacks
    slli t0, a1, 12
    add sp, sp, t0
    tail loader_secondary

    .text
    .balign 4
loader_trap_vector:
    la sp, __trap_stack_top
    csrr a0, scause
    csrr a1, sepc
    csrr a2, stval
    tail loader_trap
    "#,
    hsm = const sbi::HSM,
    hart_start = const sbi::HART_START,
    hart_stop = const sbi::HART_STOP,
    started = sym STARTED,
    starting = sym harts::STARTING,
);

/// Whether a hart has started before. Not in `.bss`, which a later hart clears.
#[unsafe(link_section = ".data.started")]
static STARTED: AtomicU64 = AtomicU64::new(0);

unsafe extern "C" {
    /// Where firmware starts every hart.
    safe fn _start();
}

/// The address at which the firmware is to start secondary harts.
pub(super) fn start() -> usize {
    _start as *const () as usize
}

// SAFETY: the only symbol of this name; called once, by the entry code, on a stack of its own.
#[unsafe(no_mangle)]
extern "C" fn loader_primary(hart: u64, firmware_tree: usize) -> ! {
    match boot::prepare(hart, firmware_tree) {
        Ok(entry) => harts::enter_all(hart, entry),
        Err(error) => failure::fail(format_args!("{error}")),
    }
}

// SAFETY: the only symbol of this name; called once a secondary hart, by the entry code, on a stack of that hart's own.
#[unsafe(no_mangle)]
extern "C" fn loader_secondary(hart: u64, core: u64) -> ! {
    harts::join(hart, core)
}

// SAFETY: the only symbol of this name; called by the trap vector, on a stack that nothing returns to.
#[unsafe(no_mangle)]
extern "C" fn loader_trap(cause: u64, pc: u64, value: u64) -> ! {
    failure::fail(format_args!("trap scause={cause:#x} sepc={pc:#x} stval={value:#x}"))
}
