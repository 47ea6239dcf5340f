//! The loader's guest half; see the library for what it does and how. On the host there is nothing to run.

#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod guest;

#[cfg(not(target_os = "none"))]
fn main() -> std::process::ExitCode {
    eprintln!("rel4-loader runs on RISC-V only: build it for the guest with `./x harness build`");
    std::process::ExitCode::from(3)
}
