//! Lines on the firmware's console.

use core::fmt::{self, Write};

use super::sbi;

struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(sbi::put_byte);
        Ok(())
    }
}

/// Prints `@loader`, then `text`, as a line.
pub(super) fn inform(text: fmt::Arguments<'_>) {
    line("@loader", text);
}

/// Prints `tag`, then `text`, as a line.
pub(super) fn line(tag: &str, text: fmt::Arguments<'_>) {
    // `Console` never fails; an error could only be that of a `Display` implementation.
    let _ = writeln!(Console, "{tag} {text}");
}
