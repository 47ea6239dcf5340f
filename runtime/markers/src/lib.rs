//! Markers: points in guest code that the cost model reports with the clock of the hart that reaches them.
//!
//! A marker is the instruction `slti x0, rs1, imm`, which RISC-V leaves to software as a HINT: hardware executes it as
//! a `nop`, the cost model takes it out of every count. `rs1` (the number of the register, not its value) is the
//! marker's [`Role`], the immediate says which one of that role it is.

#![cfg_attr(target_os = "none", no_std)]

mod cause;
mod marker;
mod set;
mod stage;
mod tracepoint;

pub use cause::Cause;
pub use marker::{Marker, Role};
pub use set::{begin, cause, end, exit, tracepoint};
pub use stage::Stage;
pub use tracepoint::Tracepoint;
