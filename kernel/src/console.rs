//! The kernel's console: debug output, and the last words of a panic.

use core::fmt::{self, Write};

use crate::arch;

/// Writes to the console of the firmware.
pub struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            arch::console_putchar(byte);
        }
        Ok(())
    }
}

/// Prints to the console.
#[cfg(feature = "debug")]
macro_rules! print {
    ($($argument:tt)*) => {{
        use core::fmt::Write as _;
        // The console cannot fail.
        let _ = write!($crate::console::Console, $($argument)*);
    }};
}

/// Prints a line to the console.
#[cfg(feature = "debug")]
macro_rules! println {
    ($($argument:tt)*) => {{
        use core::fmt::Write as _;
        // The console cannot fail.
        let _ = writeln!($crate::console::Console, $($argument)*);
    }};
}

#[cfg(feature = "debug")]
pub(crate) use {print, println};
