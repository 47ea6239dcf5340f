//! Tests of the whole kernel on the host: a machine in a piece of the test's memory, booted by the real boot code, driven through the
//! registers of its threads as trapping user code would.
#![allow(unsafe_code, reason = "the test's memory stands in for physical memory")]

#[cfg(feature = "async-syscall")]
mod async_syscall;
mod attacks;
#[cfg(feature = "benchmark")]
mod benchmarking;
#[cfg(feature = "uintr")]
mod blocking;
mod boot;
mod cnode;
#[cfg(feature = "debug")]
mod debugging;
mod deletion;
#[cfg(rel4_domains)]
mod domains;
mod errors;
mod fastpath;
mod faults;
mod floating_point;
#[cfg(feature = "smp")]
mod harts;
mod interrupts;
mod invariants;
mod ipc;
mod machine;
pub(crate) mod machines;
mod retype;
mod scheduling;
#[cfg(feature = "uintr")]
mod sender_pages;
mod spaces;
mod threads;
mod transfer;
#[cfg(feature = "uintr")]
mod uintr;

use machine::{LABELS, Machine};
