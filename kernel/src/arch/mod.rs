//! Everything that depends on the architecture, behind the names that this module exports.
//!
//! What is pure computation ([`context`], [`sv39`], [`address`]) is compiled and tested on the host too. What touches the hardware
//! has two versions with the same names: `riscv` and, for tests on the host, `host`.

mod address;
mod context;
mod sv39;

#[cfg(target_arch = "riscv64")]
#[path = "riscv/mod.rs"]
mod hardware;
#[cfg(not(target_arch = "riscv64"))]
#[path = "host.rs"]
mod hardware;

pub use address::PhysAddr;
pub use context::{Context, FpuState};
pub use hardware::*;
pub use sv39::{Execute, KernelAccess, PageTable, Pte, PteSlot, UserPrivilege};
