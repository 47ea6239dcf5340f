//! The kernel image: the library, and what it does when it panics.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod guest {
    use core::fmt::Write as _;
    use core::panic::PanicInfo;

    use rel4_kernel::arch;
    use rel4_kernel::console::Console;

    /// Says what happened, in every build, and stops the machine.
    #[panic_handler]
    fn panic(info: &PanicInfo<'_>) -> ! {
        // The console cannot fail.
        let _ = match info.location() {
            Some(at) => {
                writeln!(Console, "\n@kernel-panic hart=0 {}:{}: {}", at.file(), at.line(), info.message())
            }
            None => writeln!(Console, "\n@kernel-panic hart=0 {}", info.message()),
        };
        arch::halt();
    }
}

#[cfg(not(target_os = "none"))]
fn main() -> std::process::ExitCode {
    eprintln!("The kernel runs on RISC-V only. Build it with `./x harness build`.");
    std::process::ExitCode::from(3)
}
