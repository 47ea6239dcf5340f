//! The ReL4 microkernel.
//!
//! A seL4-compatible kernel: capabilities, untyped memory, threads, address spaces, notifications, and, with the feature
//! `sync-ipc`, endpoints. Binary-compatible with seL4 16.0.0 on 64-bit RISC-V.
//!
//! # Principles
//!
//! * One kernel entry is one event: a trap comes in, the kernel state changes, one thread is returned to. No kernel threads, no
//!   blocking inside the kernel, interrupts off throughout; long work stops at preemption points and is restarted.
//! * Objects live in memory that user space donated; the kernel allocates nothing after boot.
//! * Portable code is safe Rust over typed object handles ([`obj`]). `unsafe` stands only where memory becomes an object, where user
//!   memory is touched, and in the architecture layer; each place says why it holds.
//! * Every word from user space is hostile. Refusals are values ([`rel4_abi::InvocationError`]), never panics.
//! * Everything but the hardware layer runs under `cargo test` on the host.
//!
//! # Map
//!
//! | path of a request | module |
//! |---|---|
//! | trap entry and exit, page tables, timer, interrupt controllers | [`arch`] |
//! | exception, interrupt or system call? | [`trap`] |
//! | the commonest system calls in their commonest form | `fastpath` (feature `fastpath`) |
//! | system calls, decoding, operations per object | [`syscall`] |
//! | capabilities: slots, lookup, derivation, deletion | [`cap`] |
//! | objects: threads, endpoints, notifications, CNodes, untyped | [`object`] |
//! | messages and replies; faults | [`ipc`], [`fault`] |
//! | address spaces | [`vm`] |
//! | who runs next | [`sched`], [`domain`] |
//! | several harts: the big lock, requests to other harts | [`lock`], [`remote`] |
//! | interrupts that go straight to user threads | `uintr` (feature `uintr`) |
//! | requests through rings instead of traps | `async_syscall` (feature `async-syscall`) |
//! | device interrupts and ticks; preemption of long work | [`irq`], [`preempt`] |
//! | from the loader to the first user instruction | [`boot`] |
//! | what the kernel measures of itself | `benchmark` (feature `benchmark`) |
//! | where the stages of a system call begin | `trace` (feature `tracepoints`) |
//! | kernel state, build settings, console | [`kernel`], [`config`], [`console`] |
#![cfg_attr(target_arch = "riscv64", no_std)]

#[cfg(not(feature = "sync-ipc"))]
compile_error!(
    "a kernel without the feature `sync-ipc` needs U-notifications, which this version does not have"
);

pub mod arch;
#[cfg(feature = "async-syscall")]
pub mod async_syscall;
#[cfg(feature = "benchmark")]
pub mod benchmark;
pub mod boot;
pub mod cap;
pub mod config;
pub mod console;
pub mod domain;
pub mod fastpath;
pub mod fault;
pub mod ipc;
pub mod irq;
pub mod kernel;
pub mod lock;
pub mod obj;
pub mod object;
pub mod preempt;
pub mod remote;
pub mod sched;
pub mod syscall;
mod trace;
pub mod trap;
#[cfg(feature = "uintr")]
pub mod uintr;
pub mod vm;

#[cfg(test)]
mod testing;
