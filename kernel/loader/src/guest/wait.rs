//! Waiting for another hart.
//!
//! A hart that spins may keep the others from running: an emulator that counts instructions runs one hart at a time, and
//! changes to the next when one sleeps. So a waiting hart sleeps between its looks, until the timer wakes it.

#![allow(unsafe_code, reason = "`wfi`, the clock and the interrupt enables are reached by instructions")]

use core::arch::asm;

use super::sbi;

/// How long a nap takes, in ticks of the `time` CSR: 0.1 ms at 10 MHz.
const NAP: u64 = 1000;

/// Naps after which a condition is given up: some seconds.
const PATIENCE: u32 = 50_000;

/// `sie.STIE`.
const TIMER_ENABLE: u64 = 1 << 5;

/// Sleeps until `condition` holds; `None` if it does not within some seconds.
pub(super) fn at_most_seconds(condition: impl Fn() -> bool) -> Option<()> {
    for _ in 0..PATIENCE {
        if condition() {
            return Some(());
        }
        nap();
    }
    None
}

/// Sleeps until `condition` holds.
pub(super) fn for_ever(condition: impl Fn() -> bool) {
    while !condition() {
        nap();
    }
}

/// Sleeps for about [`NAP`] ticks, and leaves neither an interrupt pending nor one enabled.
fn nap() {
    sbi::set_timer(now() + NAP);
    // SAFETY: `sstatus.SIE` is clear since the firmware started this hart, so that the enabled interrupt ends the `wfi` and
    // nothing else; no memory is touched.
    unsafe {
        asm!("csrs sie, {bit}", "wfi", "csrc sie, {bit}", bit = in(reg) TIMER_ENABLE, options(nomem, nostack));
    }
    sbi::set_timer(u64::MAX);
}

fn now() -> u64 {
    let ticks;
    // SAFETY: reads a counter.
    unsafe { asm!("rdtime {}", out(reg) ticks, options(nomem, nostack)) };
    ticks
}
