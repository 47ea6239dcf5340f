//! Notices that client and server are stuck.

use rel4_runtime::arch;
use rel4_runtime::process::{self, Start};

use super::progress::Progress;
use crate::pair::Channel;

/// Runs the watchdog, which finishes when nothing has happened for the ticks in its first argument.
pub(super) extern "C" fn main(start: &Start) -> ! {
    let [patience_ticks, ..] = start.arguments;
    let progress = Progress::new(&start.shared[Channel::WORDS..]);
    let now = || (progress.answered(), progress.served());
    let (mut seen, mut since) = (now(), arch::time_ticks());
    loop {
        let ticks = arch::time_ticks();
        if now() != seen {
            (seen, since) = (now(), ticks);
        } else if ticks.wrapping_sub(since) > patience_ticks {
            process::finish([0; 4]);
        }
    }
}
