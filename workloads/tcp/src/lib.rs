//! A TCP server in isolated processes, and what loads it.
//!
//! The *application*, an echo server of 64-byte messages, asks the *network stack* for what it wants of its connections; the stack
//! exchanges frames with the *network*. Each is a process of its own. In the synchronous version the application has one thread a connection
//! and calls an endpoint; in the asynchronous version it has one coroutine a connection and calls through a channel. The logic of
//! application and stack is the same in both.
//!
//! Principles
//!
//! * Nothing is allocated once the processes run: connections, buffers and capability slots are made at the start.
//! * Whatever comes out of shared memory is a copy, and is checked, before anything depends on it.
//! * Every byte that comes back is compared with what was sent.
//!
//! Map
//!
//! * [`server`]: the workload, from its parameters ([`settings`]) to its results; [`cast`](mod@cast): the processes
//! * [`application`]: the echo server; [`protocol`]: what it and the stack say to each other
//! * [`stack`]: the network stack, on smoltcp; [`alarm`]: its timers
//! * [`host`]: smoltcp with its connections, of either side; [`flow`], [`connection_set`]: which of them; [`device`], [`address`], [`clock`], [`room`]:
//!   what smoltcp needs
//! * the network: [`generator`], the load generator inside the guest, or [`driver`], of a virtio network card
//! * between processes: [`layout`] (shared memory), [`bells`] (who wakes whom how)

#![cfg_attr(not(test), no_std)]

pub mod address;
pub mod alarm;
pub mod application;
pub mod bells;
pub mod cast;
pub mod clock;
pub mod connection_set;
pub mod device;
pub mod driver;
pub mod flow;
pub mod generator;
pub mod host;
pub mod layout;
pub mod protocol;
pub mod room;
pub mod server;
pub mod settings;
pub mod stack;

use rel4_workloads::workload::Workload;

/// The workloads of this root task.
pub const WORKLOADS: &[Workload] = &[
    Workload { name: server::ECHO, run: server::echo },
    Workload { name: server::CHURN, run: server::churn },
    Workload { name: server::ECHO_OUTSIDE, run: server::echo_outside },
    Workload { name: server::CHURN_OUTSIDE, run: server::churn_outside },
];
