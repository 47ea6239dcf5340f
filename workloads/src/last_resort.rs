//! What a panic becomes.
//!
//! In the root task: a `fail` record and the `end` record, written past the record writer that was in use. In any
//! other process: a report to the root task.

use core::fmt::Write;
use core::panic::{Location, PanicInfo};
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use rel4_records::{Kind, RunId, Status, WriteError};
use rel4_runtime::uart::Uart;
use rel4_runtime::{arch, process};

use crate::output::{self, Records};
use crate::root;

/// The run id, byte by byte, with zeros behind it.
static RUN: [AtomicU8; RunId::MAX_LENGTH] = [const { AtomicU8::new(0) }; RunId::MAX_LENGTH];

/// Set by the first panic: another one, in the handler, ends the thread at once.
static PANICKED: AtomicBool = AtomicBool::new(false);

/// Remembers the run id for records of a panic.
pub fn remember(run: &RunId) {
    for (byte, &value) in RUN.iter().zip(run.as_str().as_bytes()) {
        byte.store(value, Ordering::Relaxed);
    }
}

fn remembered() -> Option<RunId> {
    let bytes = RUN.each_ref().map(|byte| byte.load(Ordering::Relaxed));
    let length = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    core::str::from_utf8(&bytes[..length]).ok().and_then(RunId::new)
}

/// Reports a panic as well as the place it happened in allows, and ends the thread.
pub fn panicked(info: &PanicInfo<'_>) -> ! {
    if PANICKED.swap(true, Ordering::Relaxed) {
        arch::fault()
    }
    let location = info.location().copied().unwrap_or(*Location::caller());
    match (Uart::mapped(), remembered()) {
        (Some(uart), Some(run)) => {
            // A record may be half out: end its line, so that ours is seen.
            let mut uart_line = uart;
            let _ = uart_line.write_char('\n');
            let _ = write_records(&mut output::reopen(uart, run), &location);
            root::stop()
        }
        _ => process::panicked(&location),
    }
}

fn write_records(records: &mut Records, location: &Location<'_>) -> Result<(), WriteError> {
    let at = format_args!("{}:{}", location.file(), location.line());
    records
        .record(Kind::Fail)
        .field("what", "panic")
        .field("process", "root-task")
        .field("at", at)
        .finish()?;
    records.end(Status::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_id_is_remembered() {
        remember(&RunId::new("00c0ffee").expect("a run id"));
        assert_eq!(remembered().expect("it was remembered").as_str(), "00c0ffee");
    }
}
