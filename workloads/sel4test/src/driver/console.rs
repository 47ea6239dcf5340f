//! The driver's lines on the serial port.

use core::fmt::{self, Write};
use core::sync::atomic::{AtomicU64, Ordering};

use rel4_runtime::uart::Uart;

use crate::text::Text;

/// Complaints printed so far.
static COMPLAINTS: AtomicU64 = AtomicU64::new(0);

/// Prints a line. Without a serial port nothing happens.
pub fn print(line: fmt::Arguments<'_>) {
    if let Some(mut uart) = Uart::mapped() {
        // The port takes everything.
        let _ = writeln!(uart, "{line}");
    }
}

/// Prints a line.
macro_rules! line {
    ($($argument:tt)*) => { $crate::driver::console::print(format_args!($($argument)*)) };
}
pub(crate) use line;

/// Prints and counts the line about a check that does not hold.
pub fn complaint(text: &Text) {
    COMPLAINTS.fetch_add(1, Ordering::Relaxed);
    print(format_args!("{}", text.as_str()));
}

/// How many complaints were printed so far.
#[must_use]
pub fn complaints() -> u64 {
    COMPLAINTS.load(Ordering::Relaxed)
}
