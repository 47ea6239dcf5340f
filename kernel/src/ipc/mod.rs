//! Messages: how their words and capabilities move between threads.

pub mod message;
pub mod reply;
pub mod transfer;
