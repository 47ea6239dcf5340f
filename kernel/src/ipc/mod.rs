//! Messages: how their words and capabilities move between threads.

pub mod message;
#[cfg(feature = "sync-ipc")]
pub mod reply;
#[cfg(feature = "sync-ipc")]
pub mod transfer;
