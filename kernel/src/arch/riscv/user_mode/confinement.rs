//! Does this machine confine VS-mode code? Asked once at boot, by trying.
//!
//! With `hstatus.VTVM` set, a write to `satp` from VS-mode must trap. QEMU before version 8 lets it through: then a hostile thread can
//! translate through a table of its own and read the kernel. The kernel runs there all the same, and says so.

use core::arch::{asm, global_asm};

use super::super::csr;
use super::super::mmu::image_to_phys;
use super::vs::hstatus;

const VIRTUAL_INSTRUCTION: usize = 22;

global_asm!(
    r#"
    .section .text.trap, "ax"
    .balign 4
    # Runs in VS-mode, untranslated.
rel4_confinement_probe:
    csrw    satp, zero
    ecall
    "#
);

unsafe extern "C" {
    fn rel4_confinement_probe();
}

/// Whether VS-mode is kept from writing `satp`. Called on the boot hart, before any user thread exists and with the registers of
/// virtual modes set up.
pub(super) fn is_enforced() -> bool {
    let probe = image_to_phys(rel4_confinement_probe as *const () as u64).0;
    let cause: usize;
    // SAFETY:
    // 1. The trap vector points to the label behind `sret` until it is put back, and no interrupt is enabled meanwhile.
    // 2. The probe executes two instructions and changes nothing but `vsatp`, which is bare before and after.
    // 3. Both ways out of the probe are traps, which come back here with all other registers as they were.
    unsafe {
        csr::write!("hstatus", hstatus(0));
        csr::write!("vsatp", 0usize);
        asm!(
            "csrrw  {sie}, sie, zero",
            "la     {vector}, 2f",
            "csrrw  {vector}, stvec, {vector}",
            "csrw   sepc, {probe}",
            "csrs   sstatus, {spp}",
            "sret",
            ".balign 4",
            "2: csrw stvec, {vector}",
            "csrr   {cause}, scause",
            "csrw   sie, {sie}",
            sie = out(reg) _, vector = out(reg) _, probe = in(reg) probe, spp = in(reg) csr::SSTATUS_SPP,
            cause = out(reg) cause,
            options(nostack),
        );
        csr::write!("vsatp", 0usize);
    }
    cause == VIRTUAL_INSTRUCTION
}
