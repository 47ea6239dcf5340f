//! The TCP server's program: where the runtime enters it, and where its panics go. Everything else is in the library.

#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod guest {
    #![allow(unsafe_code, reason = "the runtime finds the main function by its symbol")]

    use core::panic::PanicInfo;

    use rel4_runtime::boot::Boot;

    #[unsafe(no_mangle)]
    extern "Rust" fn rel4_root_main(boot: Boot) -> ! {
        rel4_workloads::root::run(boot, rel4_tcp::WORKLOADS)
    }

    #[panic_handler]
    fn panic(info: &PanicInfo<'_>) -> ! {
        rel4_workloads::last_resort::panicked(info)
    }
}

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!(
        "tcp-server runs on the guest: cargo build --profile guest -p rel4-tcp --bin tcp-server --target riscv64gc-unknown-none-elf"
    );
    std::process::exit(3);
}
