//! What user mode is, and the status bits that every return to it relies on.

use super::csr;
use crate::arch::UserPrivilege;

/// User threads run in U-mode.
pub const USER_PRIVILEGE: UserPrivilege = UserPrivilege::U;

/// Sets the status that traps and returns then preserve: `sret` goes to U-mode with interrupts on, the kernel cannot touch user pages by
/// accident, and the floating-point unit is off until a thread uses it.
pub(super) fn set_up() {
    // SAFETY: none of these bits changes how the kernel itself executes.
    unsafe {
        csr::clear!("sstatus", csr::SSTATUS_SPP | csr::SSTATUS_SUM | csr::SSTATUS_MXR | csr::SSTATUS_FS);
        csr::set!("sstatus", csr::SSTATUS_SPIE);
    }
}
