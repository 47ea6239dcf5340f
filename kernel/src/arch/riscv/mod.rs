//! The RISC-V hardware layer: supervisor mode under SBI firmware, with or without the hypervisor extension.
//!
//! | what | where |
//! |---|---|
//! | first instruction, trap entry and exit | [`entry`] |
//! | control and status registers | [`csr`] |
//! | calls to the firmware | [`sbi`] |
//! | the kernel's address space, switching user spaces, flushing | [`mmu`] |
//! | what user mode is: U-mode or VS-mode | [`user_mode`] |
//! | pending interrupts, the two kinds of interrupt controller | [`interrupt`], [`aia`] |
//! | interrupt files of user threads | `guest_files` (feature `uintr`) |
//! | clock | [`timer`] |
//! | floating-point registers | [`fpu_unit`] |
#![allow(unsafe_code, reason = "hardware access; each module's blocks say what they rely on")]

mod aia;
mod csr;
pub mod entry;
pub(super) mod fpu_unit;
#[cfg(feature = "uintr")]
mod guest_files;
mod interrupt;
mod mmu;
mod sbi;
mod timer;
mod user_mode;

#[cfg(feature = "uintr")]
pub use guest_files::*;
pub use interrupt::{
    acknowledge_irq, configure_irq, interrupt_pending, mask_irq, send_ipi, take_interrupt, unmask_irq,
    wait_for_interrupt,
};
pub use mmu::{
    WINDOW_BYTES, activate_no_space, activate_space, flush_all, flush_asid, flush_page, kernel_image,
    map_kernel, phys_to_virt, set_up as leave_loader_space, virt_to_phys,
};
pub use sbi::{console_putchar, halt};
#[cfg(feature = "benchmark")]
pub use timer::cycles;
pub use timer::restart_timer;
pub use user_mode::{ModeState, USER_PRIVILEGE};

use super::fpu::{self, FpuOwners};
use crate::config::MAX_HARTS;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::Tcb;

/// What the hardware layer remembers.
pub struct State {
    /// The harts' own numbers, by logical number.
    hart_ids: [usize; MAX_HARTS],
    interrupt_controller: interrupt::Controller,
    ticks_per_kernel_tick: u64,
    /// Whose floating-point registers each hart holds.
    pub(super) fpu_owners: FpuOwners,
    user_mode: user_mode::Features,
    #[cfg(feature = "uintr")]
    guest_files: GuestFiles,
}

impl State {
    /// Reads the device tree for what this layer needs: the clock's frequency, the interrupt controller, what user mode can do.
    pub fn new(tree: &fdt::Fdt<'_>) -> Self {
        let hart_ids = entry::hart_ids();
        let user_mode = user_mode::Features::find(tree);
        user_mode::set_up(&user_mode);
        user_mode::warn_of_weaknesses();
        Self {
            hart_ids,
            interrupt_controller: interrupt::Controller::find(tree, &hart_ids),
            ticks_per_kernel_tick: timer::ticks_per_kernel_tick(tree),
            fpu_owners: FpuOwners::none(),
            user_mode,
            #[cfg(feature = "uintr")]
            guest_files: GuestFiles::find(tree, &hart_ids).expect("looked for above"),
        }
    }
}

/// Logical number of the hart that executes this.
#[inline(always)]
pub fn hart_index() -> usize {
    if MAX_HARTS == 1 {
        return 0;
    }
    let index: usize;
    // SAFETY: the entry code keeps the hart's number in tp while the kernel runs; compiled code never touches tp.
    unsafe { core::arch::asm!("mv {}, tp", out(reg) index, options(nomem, nostack, preserves_flags)) };
    index
}

/// Exchanges what the hardware holds of the running thread: `to` becomes current in place of `from`.
#[inline(always)]
pub fn thread_switched(k: &Kernel, from: Obj<Tcb>, to: Obj<Tcb>) {
    ModeState::exchange(&from.mode_state, &to.mode_state);
    fpu::thread_switched(k, from, to);
}

/// Changes the processor state of a thread, which the hardware holds if it is the current one.
#[cfg(feature = "uintr")]
pub fn change_mode_state(k: &Kernel, thread: Obj<Tcb>, change: impl FnOnce(&ModeState)) {
    let is_current = thread == k.current();
    if is_current {
        thread.mode_state.save();
    }
    change(&thread.mode_state);
    if is_current {
        thread.mode_state.load();
    }
}

/// Prepares the machine, and the boot hart, for user threads: interrupts and the first tick.
pub fn start(k: &Kernel) {
    k.current().mode_state.load();
    interrupt::set_up(k);
    interrupt::set_up_hart(k);
    restart_timer(k);
}

/// Takes another hart into the kernel's address space, where it can wait for the big lock.
fn enter_secondary(k: &Kernel) {
    mmu::enter_kernel_space();
    user_mode::set_up(&k.arch.user_mode);
    activate_no_space(k);
}

/// Prepares another hart, which holds the big lock, for user threads: its own interrupts and its first tick. Device sources are left
/// alone: user code runs already.
fn start_secondary(k: &Kernel) {
    interrupt::set_up_hart(k);
    restart_timer(k);
}
