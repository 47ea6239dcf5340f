//! How the loader gives up.

use core::fmt;
use core::panic::PanicInfo;

use super::{console, sbi};

/// Prints an `@loader-panic` line and turns the machine off.
pub(super) fn fail(why: fmt::Arguments<'_>) -> ! {
    console::line("\n@loader-panic", why);
    sbi::shut_down()
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    match info.location() {
        Some(at) => fail(format_args!("{}:{}: {}", at.file(), at.line(), info.message())),
        None => fail(format_args!("{}", info.message())),
    }
}
