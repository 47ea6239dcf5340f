//! Everything that depends on the architecture, behind the names that this module exports.
//!
//! What does not touch the hardware itself ([`context`], [`sv39`], [`address`], [`interrupt`], [`fpu`], [`wiring`], [`plic`],
//! [`aplic`]) is compiled and tested on the host too. What touches it has two versions with the same names: `riscv` and, for tests on the host, `host`.

mod address;
#[cfg(any(target_arch = "riscv64", test))]
mod aplic;
mod context;
mod fpu;
mod interrupt;
#[cfg(any(target_arch = "riscv64", test))]
mod mmio;
#[cfg(any(target_arch = "riscv64", test))]
mod plic;
mod sv39;
#[cfg(any(target_arch = "riscv64", test))]
mod wiring;

#[cfg(target_arch = "riscv64")]
#[path = "riscv/mod.rs"]
mod hardware;
#[cfg(not(target_arch = "riscv64"))]
#[path = "host/mod.rs"]
mod hardware;

pub use address::PhysAddr;
pub use context::{Context, FpuState};
pub use fpu::{FpuOwners, fpu_flags_changed, fpu_owner, handle_exception, release_fpu, save_fpu};
pub use hardware::*;
pub use interrupt::{Interrupt, MAX_DEVICE_IRQ, Trigger, kernel_devices};
pub use sv39::{Execute, KernelAccess, PageTable, Pte, PteSlot, UserPrivilege};
