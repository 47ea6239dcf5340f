//! User threads in U-mode: the kernel is mapped in every address space, and a thread has no processor state beyond its registers.

use core::arch::asm;

use super::super::csr;
use crate::arch::UserPrivilege;
use crate::vm::Asid;

/// User threads run in U-mode.
pub const USER_PRIVILEGE: UserPrivilege = UserPrivilege::U;

/// The cause of a system call.
pub(in super::super) const ECALL: usize = 8;

/// Every trap from user code leaves the status as `sret` wants it: nothing to assert.
#[inline(always)]
pub(in super::super) fn assert_return_mode() {}

/// Processor state of a thread beyond its registers: none.
pub struct ModeState;

impl ModeState {
    /// The state of a new thread.
    pub(crate) fn reset(&self) {}

    pub(in super::super) fn load(&self) {}

    #[inline(always)]
    pub(in super::super) fn exchange(_from: &Self, _to: &Self) {}
}

/// What user mode needs to know of the processor: nothing.
pub(in super::super) struct Features;

impl Features {
    pub(in super::super) fn find(_tree: &fdt::Fdt<'_>) -> Self {
        Self
    }
}

/// Sets the status that traps and returns then preserve: `sret` goes to U-mode with interrupts on, the kernel cannot touch user pages by
/// accident, and the floating-point unit is off until a thread uses it.
pub(in super::super) fn set_up(_: &Features) {
    // SAFETY: none of these bits changes how the kernel itself executes.
    unsafe {
        csr::clear!("sstatus", csr::SSTATUS_SPP | csr::SSTATUS_SUM | csr::SSTATUS_MXR | csr::SSTATUS_FS);
        csr::set!("sstatus", csr::SSTATUS_SPIE);
    }
}

/// U-mode is confined everywhere.
pub(in super::super) fn warn_of_weaknesses() {}

/// Selects the address space of user code, which is also the kernel's. A write empties the TLBs of harts without address-space
/// identifiers, so threads that share a space go without it.
#[inline(always)]
pub(in super::super) fn set_translation(satp: u64) {
    if csr::read!("satp") as u64 != satp {
        // SAFETY: every root table that gets here maps the kernel: the kernel's own, or a user's after `map_kernel`.
        unsafe { csr::write!("satp", satp) };
    }
}

/// Forgets cached translations of one user page.
#[inline(always)]
pub(in super::super) fn fence_page(vaddr: u64, asid: Asid) {
    // SAFETY: a fence changes no state that code can see.
    unsafe { asm!("sfence.vma {}, {}", in(reg) vaddr, in(reg) u64::from(asid.0), options(nostack)) };
}

/// Forgets all cached translations of one user address space.
#[inline(always)]
pub(in super::super) fn fence_asid(asid: Asid) {
    // SAFETY: a fence changes no state that code can see.
    unsafe { asm!("sfence.vma zero, {}", in(reg) u64::from(asid.0), options(nostack)) };
}

/// Forgets all cached translations of all user address spaces.
#[inline(always)]
pub(in super::super) fn fence_all() {
    // SAFETY: a fence changes no state that code can see.
    unsafe { asm!("sfence.vma", options(nostack)) };
}
