//! What user mode is: the only place that knows whether user threads run in U-mode or in VS-mode.
//!
//! Both versions have the same names: the cause of a system call, the register that selects the address space, the fences for user
//! translations, what a return asserts, and the processor state that belongs to a thread beyond its registers.

#[cfg(feature = "uintr")]
mod confinement;
#[cfg(not(feature = "uintr"))]
mod u;
#[cfg(feature = "uintr")]
mod vs;

#[cfg(not(feature = "uintr"))]
pub use u::*;
#[cfg(feature = "uintr")]
pub use vs::*;
