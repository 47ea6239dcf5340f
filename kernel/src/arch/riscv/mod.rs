//! The RISC-V hardware layer: supervisor mode under SBI firmware, with or without the hypervisor extension.
//!
//! | what | where |
//! |---|---|
//! | first instruction, trap entry and exit | [`entry`] |
//! | control and status registers | [`csr`] |
//! | calls to the firmware | [`sbi`] |
//! | the kernel's address space, switching user spaces, flushing | [`mmu`] |
//! | what user mode is: U-mode or VS-mode | [`user_mode`] |
//! | pending interrupts, the two interrupt controllers | [`interrupt`], [`plic`], [`aia`] |
//! | clock | [`timer`] |
//! | floating-point registers | [`fpu`] |
#![allow(unsafe_code, reason = "hardware access; each module's blocks say what they rely on")]

mod aia;
mod csr;
pub mod entry;
mod fpu;
mod interrupt;
mod mmu;
mod plic;
mod sbi;
mod timer;
mod user_mode;

pub use fpu::{fpu_flags_changed, handle_exception, release_fpu};
pub use interrupt::{
    Interrupt, MAX_DEVICE_IRQ, Trigger, acknowledge_irq, configure_irq, interrupt_pending, mask_irq,
    take_interrupt, unmask_irq, wait_for_interrupt,
};
pub use mmu::{
    WINDOW_BYTES, activate_no_space, activate_space, flush_asid, flush_page, kernel_image, map_kernel,
    phys_to_virt, set_up as leave_loader_space, virt_to_phys,
};
pub use sbi::{console_putchar, halt};
pub use timer::restart_timer;
pub use user_mode::{ModeState, USER_PRIVILEGE};

use core::cell::Cell;

use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::Tcb;

/// What the hardware layer remembers.
pub struct State {
    interrupt_controller: interrupt::Controller,
    ticks_per_kernel_tick: u64,
    fpu_owner: Cell<Option<Obj<Tcb>>>,
}

impl State {
    /// Sets the hart up for user mode, and reads the device tree for what this layer needs: the clock's frequency and the interrupt
    /// controller.
    pub fn new(tree: &fdt::Fdt<'_>, hart: usize) -> Self {
        user_mode::set_up(tree);
        Self {
            interrupt_controller: interrupt::Controller::find(tree, hart),
            ticks_per_kernel_tick: timer::ticks_per_kernel_tick(tree),
            fpu_owner: Cell::new(None),
        }
    }
}

/// Exchanges what the hardware holds of the running thread: `to` becomes current in place of `from`.
#[inline(always)]
pub fn thread_switched(k: &Kernel, from: Obj<Tcb>, to: Obj<Tcb>) {
    from.mode_state.save();
    to.mode_state.load();
    fpu::thread_switched(k, to);
}

/// Prepares the hart for user threads: interrupts and the first tick.
pub fn start(k: &Kernel) {
    k.current().mode_state.load();
    interrupt::set_up(k);
    restart_timer(k);
}

/// Memory-mapped device registers that belong to the kernel: no device untyped covers them.
pub fn kernel_devices(tree: &fdt::Fdt<'_>) -> impl Iterator<Item = (u64, u64)> {
    interrupt::devices(tree)
}
