//! The test suite's program: where the runtime enters it, and where its panics go. Everything else is in the library.

#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod guest {
    #![allow(unsafe_code, reason = "the runtime finds the main function by its symbol")]

    use core::panic::PanicInfo;

    use rel4_runtime::boot::Boot;

    #[unsafe(no_mangle)]
    extern "Rust" fn rel4_root_main(boot: Boot) -> ! {
        rel4_sel4test::driver::run(boot)
    }

    #[panic_handler]
    fn panic(info: &PanicInfo<'_>) -> ! {
        rel4_sel4test::report::panicked(info)
    }
}

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!(
        "sel4test runs on the guest: cargo build --profile guest -p rel4-sel4test --bin sel4test --target riscv64gc-unknown-none-elf"
    );
    std::process::exit(3);
}
