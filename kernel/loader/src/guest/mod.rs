//! The half that runs on RISC-V: entry, firmware calls, memory, harts.
//!
//! | module | what |
//! |---|---|
//! | [`entry`] | first instructions of every hart, hand-over to hart 0, trap vector |
//! | [`boot`] | what hart 0 does, from the device tree to the kernel's entry |
//! | [`harts`] | starting the other harts, and entering the kernel on all of them |
//! | [`wait`] | waiting for another hart without keeping it from running |
//! | [`memory`] | the only place where addresses become bytes |
//! | [`sbi`] | calls to the firmware |
//! | [`console`] | `@loader` lines |
//! | [`failure`] | `@loader-panic` lines and the end of the machine |

mod boot;
mod console;
mod entry;
mod failure;
mod harts;
mod memory;
mod sbi;
mod wait;
