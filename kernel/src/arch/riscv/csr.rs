//! Control and status registers, by the names of the privileged specification.

/// Reads a CSR.
macro_rules! read {
    ($csr:literal) => {{
        let value: usize;
        // SAFETY: reading this CSR has no side effect on memory.
        unsafe { core::arch::asm!(concat!("csrr {}, ", $csr), out(reg) value, options(nomem, nostack)) };
        value
    }};
}

/// Writes a CSR; the place of use says why that is safe.
macro_rules! write {
    ($csr:literal, $value:expr) => {
        core::arch::asm!(concat!("csrw ", $csr, ", {}"), in(reg) $value, options(nostack))
    };
}

/// Sets bits of a CSR.
macro_rules! set {
    ($csr:literal, $bits:expr) => {
        core::arch::asm!(concat!("csrs ", $csr, ", {}"), in(reg) $bits, options(nostack))
    };
}

/// Clears bits of a CSR.
macro_rules! clear {
    ($csr:literal, $bits:expr) => {
        core::arch::asm!(concat!("csrc ", $csr, ", {}"), in(reg) $bits, options(nostack))
    };
}

/// Reads a CSR and writes it in one instruction.
macro_rules! swap {
    ($csr:literal, $value:expr) => {{
        let old: usize;
        core::arch::asm!(concat!("csrrw {}, ", $csr, ", {}"), out(reg) old, in(reg) $value, options(nostack));
        old
    }};
}

pub(super) use {clear, read, set, swap, write};

/// `sstatus`: interrupts enabled after `sret`.
pub(super) const SSTATUS_SPIE: usize = 1 << 5;
/// `sstatus`: `sret` goes to supervisor mode.
pub(super) const SSTATUS_SPP: usize = 1 << 8;
/// `sstatus`: supervisor may touch user pages.
pub(super) const SSTATUS_SUM: usize = 1 << 18;
/// `sstatus`: loads may read execute-only pages.
pub(super) const SSTATUS_MXR: usize = 1 << 19;
/// `sstatus`: floating-point state.
pub(super) const SSTATUS_FS: usize = 0b11 << 13;
/// `sstatus`: floating-point state unchanged since it was loaded.
pub(super) const SSTATUS_FS_CLEAN: usize = 0b10 << 13;

/// `sie`, `sip`: software, from another hart.
pub(super) const SOFTWARE_INTERRUPT: usize = 1 << 1;
/// `sie`, `sip`: timer.
pub(super) const TIMER_INTERRUPT: usize = 1 << 5;
/// `sie`, `sip`: external.
pub(super) const EXTERNAL_INTERRUPT: usize = 1 << 9;

/// `hie`, `hip`: a guest interrupt file.
#[cfg(feature = "uintr")]
pub(super) const GUEST_EXTERNAL_INTERRUPT: usize = 1 << 12;

/// `scause`: an interrupt, not an exception.
pub(super) const CAUSE_INTERRUPT: usize = 1 << 63;
