//! The bystander: keeps values in every register that a thread has, and looks whether they stay.

use core::sync::atomic::Ordering;

use rel4_runtime::arch;
use rel4_runtime::process::{self, Start};

use super::{READY, STARTED, registers};

/// Looks at its registers while the attack goes on. An attacker that never gives way has the hart for a time slice between two of them.
const ROUNDS: usize = 3;
const SEED: u64 = 0x5eed;

/// Looks [`ROUNDS`] times, then reports the bits that were different.
pub(super) extern "C" fn main(start: &Start) -> ! {
    registers::fill(SEED);
    let mut differences = 0;
    start.shared[READY].store(1, Ordering::Release);
    while start.shared[STARTED].load(Ordering::Acquire) == 0 {
        arch::yield_now();
    }
    for _ in 0..ROUNDS {
        arch::yield_now();
        differences |= registers::differences(SEED) | registers::unkept();
    }
    process::finish([differences, 0, 0, 0])
}
