//! The root task: one program that measures what its boot arguments ask for.
//!
//! It runs on every kernel with the seL4 ABI. It reads `bootargs` from the device tree that the kernel passes on, maps
//! the serial port, starts the processes of one workload, and writes the results as records.
//!
//! Principles
//!
//! * Records go through a serial port of the root task's own; debug system calls are never used.
//! * One thread prints: processes hand their results over in shared memory and report to the root task.
//! * Whatever goes wrong becomes a `fail` record that names it, then `end status=failed`: never a silent hang.
//! * Boot arguments are checked strictly; what is not understood is refused.
//!
//! Map
//!
//! * [`root`]: from `BootInfo` to the `end` record
//! * input: [`platform`] (device tree), [`bootargs`] (grammar), [`parameters`] (values of a workload)
//! * output: [`output`] (records on the serial port), [`failure`] (everything that can go wrong), [`last_resort`]
//!   (panics)
//! * workloads: [`workload`] (the table), [`ipc_pingpong`], `ipc_async`, `ipc_soak`, `pair` (what wakes whom), `load` (what servers compute), `trace` (its stages), `notification`,
//!   `syscall_batch` and `memory_server` (asynchronous system calls, with `changing_page`), [`bench`]; for tests [`misbehave`], [`fault_check`], and
//!   `unotification_check` and `hostile_vs` (which need the processor)

#![cfg_attr(not(test), no_std)]

pub mod bench;
pub mod bootargs;
#[cfg(target_arch = "riscv64")]
mod changing_page;
pub mod failure;
pub mod fault_check;
#[cfg(target_arch = "riscv64")]
pub mod hostile_vs;
#[cfg(target_arch = "riscv64")]
pub mod ipc_async;
pub mod ipc_pingpong;
#[cfg(target_arch = "riscv64")]
pub mod ipc_soak;
pub mod last_resort;
mod load;
#[cfg(target_arch = "riscv64")]
pub mod memory_server;
pub mod misbehave;
#[cfg(target_arch = "riscv64")]
pub mod notification;
pub mod output;
#[cfg(target_arch = "riscv64")]
mod pair;
pub mod parameters;
pub mod platform;
pub mod root;
#[cfg(target_arch = "riscv64")]
pub mod syscall_batch;
mod trace;
#[cfg(target_arch = "riscv64")]
pub mod unotification_check;
pub mod workload;
