//! The network stack: a process of its own, between the application and the network.

pub mod asynchronous;
pub mod service;
pub mod synchronous;
