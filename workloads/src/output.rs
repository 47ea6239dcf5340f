//! Records on the serial port.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};

use rel4_records::{RecordWriter, RunId};
use rel4_runtime::uart::Uart;

/// Lines handed to the port so far, for the panic handler, which cannot reach the writer.
static LINES: AtomicU64 = AtomicU64::new(0);

/// The root task's record writer.
pub type Records = RecordWriter<RecordPort>;

/// The serial port as records use it: each write is one whole line.
#[derive(Debug)]
pub struct RecordPort(Uart);

impl fmt::Write for RecordPort {
    fn write_str(&mut self, line: &str) -> fmt::Result {
        LINES.fetch_add(1, Ordering::Relaxed);
        self.0.write_str(line)
    }
}

/// The writer of this boot's records, from the first one on.
#[must_use]
pub const fn open(uart: Uart, run: RunId) -> Records {
    RecordWriter::new(RecordPort(uart), run)
}

/// A writer that goes on where the one of [`open`] was interrupted.
#[must_use]
pub fn reopen(uart: Uart, run: RunId) -> Records {
    RecordWriter::resume(RecordPort(uart), run, LINES.load(Ordering::Relaxed))
}
