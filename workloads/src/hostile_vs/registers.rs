//! Supervisor registers and floating-point registers of the calling thread, and the handlers that it can name.
#![allow(unsafe_code, reason = "control registers are reached by assembly only")]

use core::arch::global_asm;

/// Reads the control register with this number.
macro_rules! read {
    ($csr:literal) => {{
        let value: u64;
        // SAFETY: the thread's own register; reading it changes nothing.
        unsafe { core::arch::asm!(concat!("csrr {}, ", $csr), out(reg) value, options(nomem, nostack)) };
        value
    }};
}

/// Writes it.
macro_rules! write {
    ($csr:literal, $value:expr) => {{
        let value: u64 = $value;
        // SAFETY: the thread's own register; interrupts are masked, or the caller means them.
        unsafe { core::arch::asm!(concat!("csrw ", $csr, ", {}"), in(reg) value, options(nostack)) };
    }};
}

pub(super) use {read, write};

/// Registers that the thread can set to anything it likes, but for `stvec`, and what it sets them to.
macro_rules! own_registers {
    ($($name:literal = $bits:expr),*) => {
        /// Sets every register to a value of its own that depends on `seed`.
        pub(super) fn fill(seed: u64) {
            $(write!($name, pattern(seed) & $bits);)*
            // SAFETY: floating-point registers only, which compiled code here does not use.
            unsafe { rel4_fill_floating_point(seed) };
        }

        /// The bits in which the registers differ from what [`fill`] set them to, ORed together.
        pub(super) fn differences(seed: u64) -> u64 {
            let mut differences = 0;
            $(differences |= read!($name) ^ (pattern(seed) & $bits);)*
            // SAFETY: reads floating-point registers only.
            differences | unsafe { rel4_floating_point_differences(seed) }
        }

        /// All bits that are set in any of the registers, which are zero in a new thread.
        pub(super) fn leftovers() -> u64 {
            // SAFETY: as above.
            $(read!($name) |)* unsafe { rel4_floating_point_differences(0) }
        }
    };
}

own_registers! {
    "sscratch" = !0,
    "sepc" = !0b11,
    "scause" = 0x3f,
    "stval" = !0,
    "0x150" = 0xff // siselect
}

/// Sets the registers that no thread keeps: VS-mode writes the processor's only copy of `scounteren` and `senvcfg`, which VU-mode alone
/// heeds.
pub(super) fn set_unkept() {
    write!("scounteren", 0b111);
    write!("0x10a", 1);
}

/// What another thread has set them to.
pub(super) fn unkept() -> u64 {
    read!("scounteren") | read!("0x10a")
}

/// Different bits for different seeds, in every part of a word; never 0.
const fn pattern(seed: u64) -> u64 {
    (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1
}

global_asm!(
    ".option push",
    ".option arch, +d",
    ".macro rel4_each_fp instruction",
    ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
    "\\instruction \\n",
    ".endr",
    ".endm",
    ".macro rel4_fill_one n",
    "add t0, a0, a0",
    "addi t0, t0, \\n",
    "beqz a0, 1f",
    "fmv.d.x f\\n, t0",
    "1:",
    ".endm",
    // a0 = seed. Register n becomes 2 * seed + n; seed 0 sets none.
    "rel4_fill_floating_point:",
    "rel4_each_fp rel4_fill_one",
    "ret",
    ".macro rel4_check_one n",
    "fmv.x.d t1, f\\n",
    "beqz a0, 1f",
    "add t0, a0, a0",
    "addi t0, t0, \\n",
    "xor t1, t1, t0",
    "1: or t2, t2, t1",
    ".endm",
    // a0 = seed. What differs from that; for seed 0, from zeros.
    "rel4_floating_point_differences:",
    "li t2, 0",
    "rel4_each_fp rel4_check_one",
    "mv a0, t2",
    "ret",
    ".option pop",
    // Takes nothing: the interrupt is pending still.
    ".balign 4",
    "rel4_interrupt_entry_of_storm:",
    "sret",
    // Claims one interrupt.
    ".balign 4",
    "rel4_interrupt_entry_of_hostile:",
    "addi sp, sp, -16",
    "sd t0, 0(sp)",
    "csrrw t0, 0x15c, zero",
    "ld t0, 0(sp)",
    "addi sp, sp, 16",
    "sret",
);

unsafe extern "C" {
    fn rel4_fill_floating_point(seed: u64);
    fn rel4_floating_point_differences(seed: u64) -> u64;
    fn rel4_interrupt_entry_of_storm();
    fn rel4_interrupt_entry_of_hostile();
}

/// A handler that claims its interrupt.
pub(super) fn handler() -> u64 {
    rel4_interrupt_entry_of_hostile as *const () as u64
}

/// A handler that claims nothing, and so is entered again at once.
pub(super) fn endless_handler() -> u64 {
    rel4_interrupt_entry_of_storm as *const () as u64
}
