//! Counters that user code may read.

#![allow(unsafe_code, reason = "the counters are control registers")]

use core::arch::asm;

/// Instructions retired on this hart, in all modes (`instret`).
#[inline(always)]
#[must_use]
pub fn instructions_retired() -> u64 {
    let value;
    // SAFETY: reads a counter. It may touch memory as far as the compiler knows, so that measured code stays put.
    unsafe { asm!("rdinstret {}", out(reg) value, options(nostack)) };
    value
}

/// Wall-clock ticks (`time`); the device tree has their frequency.
#[inline(always)]
#[must_use]
pub fn time_ticks() -> u64 {
    let value;
    // SAFETY: as for `instructions_retired`.
    unsafe { asm!("rdtime {}", out(reg) value, options(nostack)) };
    value
}
