//! The thread's own interrupt file (AIA, as a supervisor sees it), and the page through which another one is written.

#![allow(
    unsafe_code,
    reason = "interrupt registers are control registers or mapped, and a handler is not Rust"
)]

use core::arch::{asm, global_asm};

use crate::executor::ReadyQueue;

/// Takes the lowest pending and enabled identity; 0 if there is none.
#[inline(always)]
#[must_use]
pub fn claim_identity() -> u64 {
    let top: u64;
    // The fence (CSR reads are device input to it): what the sender wrote before is read after.
    // SAFETY: acts on the thread's own interrupt file only (`stopei`).
    unsafe { asm!("csrrw {}, 0x15c, zero", "fence i, r", out(reg) top, options(nostack)) };
    // Identity in bits 16 to 26, and its priority, the same number, below.
    top >> 16
}

/// The lowest pending and enabled identity, which stays pending; 0 if there is none.
#[inline(always)]
#[must_use]
pub fn pending_identity() -> u64 {
    let top: u64;
    // SAFETY: reads a register of the thread's own interrupt file (`stopei`).
    unsafe { asm!("csrr {}, 0x15c", out(reg) top, options(nomem, nostack)) };
    top >> 16
}

/// Raises `identity`, 1 to 255, in the thread's own file.
#[inline(always)]
pub fn raise_own_identity(identity: u64) {
    const EIP0: u64 = 0x80;
    // The registers have 64 bits each, under even numbers.
    let register = EIP0 + (identity / 64 % 4) * 2;
    // SAFETY: acts on the thread's own interrupt file only (`siselect`, `sireg`); what is raised there stays pending while interrupts
    // are masked, and is one that the thread enabled.
    unsafe {
        asm!(
            "csrw 0x150, {}",
            "csrs 0x151, {}",
            in(reg) register,
            in(reg) 1_u64 << (identity % 64),
            options(nostack),
        );
    }
}

/// Takes the pending identities of the notification word, as badge bits.
#[inline(always)]
#[must_use]
pub fn take_notification_word() -> u64 {
    const EIP0: u64 = 0x80;
    let pending: u64;
    // SAFETY: acts on the thread's own interrupt file only (`siselect`, `sireg`).
    unsafe {
        asm!(
            "csrw 0x150, {register}",
            "csrrw {pending}, 0x151, zero",
            "fence i, r",
            register = in(reg) EIP0,
            pending = out(reg) pending,
            options(nostack),
        );
    }
    pending >> 1
}

/// Takes the pending identities of the ready queue, as bits of words.
#[must_use]
pub fn take_queue_identities() -> [u64; 3] {
    const EIP2: u64 = 0x82;
    const EIP4: u64 = 0x84;
    const EIP6: u64 = 0x86;
    [EIP2, EIP4, EIP6].map(|register| {
        let pending: u64;
        // SAFETY: acts on the thread's own interrupt file only (`siselect`, `sireg`).
        unsafe {
            asm!(
                "csrw 0x150, {register}",
                "csrrw {pending}, 0x151, zero",
                "fence i, r",
                register = in(reg) register,
                pending = out(reg) pending,
                options(nostack),
            );
        }
        pending
    })
}

/// Lets the identities of the ready queue through; the kernel does so for those of the notification word.
pub fn enable_queue_identities() {
    const EIE2: u64 = 0xc2;
    const EIE4: u64 = 0xc4;
    const EIE6: u64 = 0xc6;
    for register in [EIE2, EIE4, EIE6] {
        // SAFETY: acts on the thread's own interrupt file only (`siselect`, `sireg`); interrupts are masked.
        unsafe {
            asm!("csrw 0x150, {}", "csrw 0x151, {}", in(reg) register, in(reg) u64::MAX, options(nomem, nostack));
        }
    }
}

/// Raises `identity` in the file whose page is mapped at `page`, after everything that was written before.
///
/// # Safety
///
/// `page` is in a window of the address space that holds sender pages and nothing else.
#[inline(always)]
pub unsafe fn raise_identity(page: u64, identity: u64) {
    // The file is a device, so the fence of the flag's protocol, which orders memory, is not enough.
    // SAFETY: there is a sender page, on which a store has no effect on memory, or nothing, and then this faults.
    unsafe {
        asm!("fence w, o", "sw {}, 0({})", in(reg) identity, in(reg) page, options(nostack));
    }
}

global_asm!(
    ".balign 4",
    "rel4_interrupt_entry:",
    "    addi sp, sp, -32",
    "    sd   t0, 0(sp)",
    "    sd   t1, 8(sp)",
    "    sd   t2, 16(sp)",
    "0:  csrrw t0, 0x15c, zero",
    "    srli t0, t0, 16",
    "    beqz t0, 1f",
    "    addi t0, t0, -{first_queue_identity}",
    // An identity of the word says that a ring was written to. The dispatcher looks at the rings after this task anyway.
    "    bltz t0, 0b",
    "    srli t1, t0, 6",
    "    slli t1, t1, 3",
    "    csrr t2, sscratch",
    "    add  t1, t1, t2",
    "    li   t2, 1",
    "    sll  t2, t2, t0",
    ".option push",
    ".option arch, +a",
    "    amoor.d.rl zero, t2, (t1)",
    ".option pop",
    "    j    0b",
    "1:  ld   t0, 0(sp)",
    "    ld   t1, 8(sp)",
    "    ld   t2, 16(sp)",
    "    addi sp, sp, 32",
    "    sret",
    first_queue_identity = const rel4_abi::uintr::FIRST_QUEUE_IDENTITY,
);

unsafe extern "C" {
    fn rel4_interrupt_entry();
}

/// Where a thread of this program takes its interrupts, to be registered with the kernel.
#[must_use]
pub fn interrupt_entry() -> u64 {
    rel4_interrupt_entry as *const () as u64
}

/// Does `work`, which takes long, with interrupts unmasked: those of the ready queue make their tasks ready in `ready`.
pub fn with_interrupts<T>(ready: &'static ReadyQueue, work: impl FnOnce() -> T) -> T {
    // SAFETY: the handler changes no register and only sets bits, atomically, in the queue that `sscratch` points to, whose
    // bits come first; an identity is at most 255, so it is one of 192 slots of 256. The stack has room below.
    unsafe {
        asm!("csrw sscratch, {}", "csrsi sstatus, 2", in(reg) core::ptr::from_ref(ready), options(nostack));
    }
    let result = work();
    // SAFETY: masks interrupts again, as they were.
    unsafe { asm!("csrci sstatus, 2", options(nostack)) };
    result
}
