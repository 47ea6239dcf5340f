//! The floating-point unit of the hart: on, off, and its registers to memory and back.

use core::arch::asm;
use core::mem::offset_of;

use super::csr;
use crate::arch::FpuState;
use crate::object::Tcb;

const _: () = assert!(offset_of!(Tcb, fpu) % 8 == 0);

/// Lets user code use the unit.
#[inline(always)]
pub(in crate::arch) fn switch_on() {
    // SAFETY: the kernel is compiled without floating point, so only user code sees the registers.
    unsafe { csr::set!("sstatus", csr::SSTATUS_FS_CLEAN) };
}

/// Makes user code trap when it uses the unit; the registers keep what they hold.
#[inline(always)]
pub(in crate::arch) fn switch_off() {
    // SAFETY: as in `switch_on`; the register contents stay.
    unsafe { csr::clear!("sstatus", csr::SSTATUS_FS) };
}

/// Whether user code can use the unit. A thread's own `vsstatus.FS` says nothing.
#[inline(always)]
pub(in crate::arch) fn is_on() -> bool {
    csr::read!("sstatus") & csr::SSTATUS_FS != 0
}

/// Whether user code has changed a register since [`set_unchanged`], or since the unit was switched on.
#[inline(always)]
pub(in crate::arch) fn has_changed() -> bool {
    csr::read!("sstatus") & csr::SSTATUS_FS == csr::SSTATUS_FS
}

/// Notes that memory has the same as the unit, which is on.
#[inline(always)]
pub(in crate::arch) fn set_unchanged() {
    // SAFETY: leaves the unit on.
    unsafe { csr::clear!("sstatus", csr::SSTATUS_FS & !csr::SSTATUS_FS_CLEAN) };
}

macro_rules! registers {
    ($instruction:literal) => {
        concat!(
            ".option push\n.option arch, +d\n",
            registers!(@ $instruction 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31),
        )
    };
    (@ $instruction:literal $($number:literal)*) => {
        concat!($($instruction, " f", $number, ", 8*", $number, "({state})\n",)*)
    };
}

/// Saves the registers; the unit is on.
#[inline(always)]
pub(in crate::arch) fn save(state: &FpuState) {
    // SAFETY: the unit is on; the state is 33 words that only this hart touches.
    unsafe {
        asm!(
            registers!("fsd"),
            "frcsr {scratch}",
            "sd {scratch}, 8*32({state})",
            ".option pop",
            state = in(reg) state, scratch = out(reg) _, options(nostack),
        );
    }
}

/// Loads the registers; the unit is on.
#[inline(always)]
pub(in crate::arch) fn load(state: &FpuState) {
    // SAFETY: the unit is on; kernel code uses no floating-point register.
    unsafe {
        asm!(
            registers!("fld"),
            "ld {scratch}, 8*32({state})",
            "fscsr {scratch}",
            ".option pop",
            state = in(reg) state, scratch = out(reg) _, options(nostack),
        );
    }
}
