//! Floating-point registers: each thread has its own, in the unit or in memory.
//!
//! Each hart remembers whose registers its unit holds. For every other thread the unit is off, so that its first floating-point instruction
//! traps, and the registers are exchanged then. Threads that use none pay nothing.
//!
//! A thread that trapped so is expected to use the unit whenever it runs: its registers are exchanged along with the thread, which is
//! cheaper than a trap, until it has once run without changing any.

use core::cell::Cell;

use rel4_abi::tcb::FLAG_FPU_DISABLED;

use super::hardware::{fpu_unit, hart_index};
use crate::config::MAX_HARTS;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::Tcb;

const ILLEGAL_INSTRUCTION: u64 = 2;

/// The thread whose registers each hart's unit holds. Without one the unit is off.
pub struct FpuOwners([Cell<Option<Obj<Tcb>>>; MAX_HARTS]);

impl FpuOwners {
    /// No unit holds anything.
    pub const fn none() -> Self {
        Self([const { Cell::new(None) }; MAX_HARTS])
    }
}

fn disabled(thread: Obj<Tcb>) -> bool {
    thread.flags.get() & FLAG_FPU_DISABLED != 0
}

fn owner(k: &Kernel) -> &Cell<Option<Obj<Tcb>>> {
    &k.arch.fpu_owners.0[hart_index()]
}

/// The thread whose floating-point registers a hart holds.
pub fn fpu_owner(k: &Kernel, hart: usize) -> Option<Obj<Tcb>> {
    k.arch.fpu_owners.0[hart].get()
}

/// Called when `to` becomes current in place of `from`.
#[inline(always)]
pub(super) fn thread_switched(k: &Kernel, from: Obj<Tcb>, to: Obj<Tcb>) {
    // Without an owner the unit is off, and nobody has used it yet.
    if let Some(owner) = owner(k).get() {
        switch_from_owner(k, owner, from, to);
    }
}

#[inline(always)]
fn switch_from_owner(k: &Kernel, owner: Obj<Tcb>, from: Obj<Tcb>, to: Obj<Tcb>) {
    if owner == from && fpu_unit::is_on() {
        from.fpu.expected.set(fpu_unit::has_changed());
    }
    if disabled(to) {
        fpu_unit::switch_off();
    } else if owner == to {
        fpu_unit::switch_on();
    } else if to.fpu.expected.get() {
        exchange(k, to);
        fpu_unit::set_unchanged();
    } else {
        fpu_unit::switch_off();
    }
}

/// Puts the registers of `thread` into the unit in place of whatever it holds, and switches it on.
#[inline(always)]
fn exchange(k: &Kernel, thread: Obj<Tcb>) {
    fpu_unit::switch_on();
    if let Some(previous) = owner(k).replace(Some(thread)) {
        fpu_unit::save(&previous.fpu);
    }
    fpu_unit::load(&thread.fpu);
}

/// Called when the flags of `thread` change.
pub fn fpu_flags_changed(k: &Kernel, thread: Obj<Tcb>) {
    if k.current() == thread {
        if owner(k).get() == Some(thread) && !disabled(thread) {
            fpu_unit::switch_on();
        } else {
            fpu_unit::switch_off();
        }
    }
}

/// Deals with an exception that is the kernel's own business: the first floating-point instruction since the registers were another's.
/// Returns whether the thread can simply go on.
pub fn handle_exception(k: &Kernel, number: u64) -> bool {
    let thread = k.current();
    if number != ILLEGAL_INSTRUCTION
        || fpu_unit::is_on()
        || disabled(thread)
        || owner(k).get() == Some(thread)
    {
        return false;
    }
    exchange(k, thread);
    thread.fpu.expected.set(true);
    true
}

/// Saves what the unit of this hart holds, so that it can be loaded on another.
pub fn save_fpu(k: &Kernel) {
    if let Some(previous) = owner(k).take() {
        fpu_unit::switch_on();
        fpu_unit::save(&previous.fpu);
        fpu_unit::switch_off();
    }
}

/// Forgets that the unit holds the registers of `thread`, which is going away.
pub fn release_fpu(k: &Kernel, thread: Obj<Tcb>) {
    if owner(k).get() == Some(thread) {
        owner(k).set(None);
        fpu_unit::switch_off();
    }
}
