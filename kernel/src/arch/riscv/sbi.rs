//! Calls to the firmware, by seL4's choice the legacy extensions (SBI specification, chapter 5).

use core::arch::asm;

const SET_TIMER: usize = 0;
const CONSOLE_PUTCHAR: usize = 1;
const SHUTDOWN: usize = 8;

fn call(extension: usize, argument: usize) {
    // SAFETY: these extensions take one scalar and do not touch the kernel's memory; a0 and a7 are all they change.
    unsafe { asm!("ecall", inlateout("a0") argument => _, in("a7") extension, options(nostack)) };
}

/// Writes a byte to the firmware's console.
pub fn console_putchar(byte: u8) {
    call(CONSOLE_PUTCHAR, usize::from(byte));
}

/// Asks for a timer interrupt when `time` reaches `deadline`; takes a pending one back.
pub(super) fn set_timer(deadline: u64) {
    call(SET_TIMER, deadline as usize);
}

/// Interrupts harts: bit *i* of the mask is hart `base` + *i*. (The IPI extension, SBI specification chapter 7: unlike the legacy call
/// it takes its mask in a register.)
pub(super) fn send_ipi(mask: usize, base: usize) {
    const IPI_EXTENSION: usize = 0x73_5049;
    const SEND_IPI: usize = 0;
    // SAFETY: takes two scalars and does not touch the kernel's memory; a0 and a1 are all that it changes.
    unsafe {
        asm!(
            "ecall",
            inlateout("a0") mask => _, inlateout("a1") base => _, in("a6") SEND_IPI, in("a7") IPI_EXTENSION,
            options(nostack),
        );
    }
}

/// Stops the machine.
pub fn halt() -> ! {
    call(SHUTDOWN, 0);
    loop {
        core::hint::spin_loop();
    }
}
