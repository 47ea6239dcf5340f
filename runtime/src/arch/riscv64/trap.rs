//! Deliberate faults.

#![allow(unsafe_code, reason = "an illegal instruction")]

use core::arch::asm;

/// Ends this thread with an illegal-instruction fault, which its fault handler sees.
pub fn fault() -> ! {
    loop {
        // SAFETY: traps; nothing is executed behind it unless a handler restarts the thread, and then it traps again.
        unsafe { asm!("unimp", options(nomem, nostack)) };
    }
}
