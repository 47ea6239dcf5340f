//! Messages: how their words and capabilities move between threads.
//!
//! Endpoints and reply capabilities, and what system calls do with them, exist with the feature `sync-ipc` ([`synchronous`]). Without it
//! `absent` has the same names for types without values: nothing can be such a capability, so the compiler leaves out whatever would be
//! done with one, and no other module has to ask which kernel it is in.

pub mod kind;
pub mod message;

#[cfg(feature = "sync-ipc")]
pub mod reply;
#[cfg(feature = "sync-ipc")]
pub mod synchronous;
#[cfg(feature = "sync-ipc")]
pub mod transfer;
#[cfg(feature = "sync-ipc")]
pub use synchronous::*;

#[cfg(not(feature = "sync-ipc"))]
mod absent;
#[cfg(not(feature = "sync-ipc"))]
pub use absent::*;

pub use kind::{ReceiveKind, SendKind};
