//! Asynchronous system calls: invocations as futures, through rings that the thread shares with the kernel.
//!
//! The rings have the shape of a channel whose server is the kernel ([`crate::channel`]), and requests the form of
//! [`rel4_abi::async_syscall`]. The kernel carries them out when the thread enters it, at the latest when the thread's dispatcher sleeps, so a
//! batch costs one kernel entry.
//!
//! Where the kernel has no rings, or none were set up, the same futures make traps and are complete at once.

mod calls;
mod client;
mod doorbell;
mod invoked;
mod kernel_rings;
mod set_up;

pub use client::Syscalls;
pub use doorbell::Doorbell;
pub use invoked::{AsyncError, Invoked};
pub use set_up::{Rings, map_doorbell, set_up};
