//! Floating-point registers: each thread has its own, loaded when it first uses them after another thread did.
//!
//! The hart remembers whose registers the hardware holds. For every other thread the unit is off, so that its first floating-point
//! instruction traps, and the registers are exchanged then. Threads that use none pay nothing.

use core::arch::asm;
use core::cell::Cell;
use core::mem::offset_of;

use rel4_abi::tcb::FLAG_FPU_DISABLED;

use super::{csr, hart_index};
use crate::arch::FpuState;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::Tcb;

const ILLEGAL_INSTRUCTION: u64 = 2;

const _: () = assert!(size_of::<FpuState>() == 33 * 8 && offset_of!(Tcb, fpu) % 8 == 0);

fn disabled(thread: Obj<Tcb>) -> bool {
    thread.flags.get() & FLAG_FPU_DISABLED != 0
}

fn owner(k: &Kernel) -> &Cell<Option<Obj<Tcb>>> {
    &k.arch.fpu_owners[hart_index()]
}

/// The thread whose floating-point registers a hart holds.
pub fn fpu_owner(k: &Kernel, hart: usize) -> Option<Obj<Tcb>> {
    k.arch.fpu_owners[hart].get()
}

fn switch_on() {
    // SAFETY: the kernel is compiled without floating point, so only user code sees the registers.
    unsafe { csr::set!("sstatus", csr::SSTATUS_FS_CLEAN) };
}

fn switch_off() {
    // SAFETY: as in `switch_on`; the register contents stay.
    unsafe { csr::clear!("sstatus", csr::SSTATUS_FS) };
}

/// Called when `thread` becomes current.
#[inline(always)]
pub(super) fn thread_switched(k: &Kernel, thread: Obj<Tcb>) {
    if let Some(owner) = owner(k).get() {
        if owner == thread && !disabled(thread) {
            switch_on();
        } else {
            switch_off();
        }
    }
}

/// Called when the flags of `thread` change.
pub fn fpu_flags_changed(k: &Kernel, thread: Obj<Tcb>) {
    if k.current() == thread {
        thread_switched(k, thread);
    }
}

/// Deals with an exception that is the kernel's own business: the first floating-point instruction since the registers were another's.
/// Returns whether the thread can simply go on.
pub fn handle_exception(k: &Kernel, number: u64) -> bool {
    let thread = k.current();
    let is_off = csr::read!("sstatus") & csr::SSTATUS_FS == 0;
    if number != ILLEGAL_INSTRUCTION || !is_off || disabled(thread) || owner(k).get() == Some(thread) {
        return false;
    }
    switch_on();
    if let Some(previous) = owner(k).replace(Some(thread)) {
        save(&previous.fpu);
    }
    load(&thread.fpu);
    true
}

/// Saves what the hardware of this hart holds, so that it can be loaded on another.
pub fn save_fpu(k: &Kernel) {
    if let Some(previous) = owner(k).take() {
        switch_on();
        save(&previous.fpu);
        switch_off();
    }
}

/// Forgets that the hardware holds the registers of `thread`, which is going away.
pub fn release_fpu(k: &Kernel, thread: Obj<Tcb>) {
    if owner(k).get() == Some(thread) {
        owner(k).set(None);
        switch_off();
    }
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

fn save(state: &FpuState) {
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

fn load(state: &FpuState) {
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
