//! Every interleaving of the protocols, weak memory included: exhaustively for the small models, up to a number of
//! preemptions for the large ones.
//!
//! The files under test are the runtime's own, compiled here with the model checker's atomics in place of the
//! processor's. A wake-up that is lost leaves all threads blocked, which the checker reports.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "whole files of the runtime are compiled here as private modules, and the models use some of each"
)]

#[path = "../src/attention.rs"]
mod attention;
#[path = "../src/dispatch.rs"]
mod dispatch;
#[path = "../src/flag.rs"]
mod flag;
#[path = "../src/interrupt.rs"]
mod interrupt;
#[path = "model/item.rs"]
mod item;
#[path = "../src/outbox.rs"]
mod outbox;
#[path = "../src/remote.rs"]
mod remote;
#[path = "../src/ring.rs"]
mod ring;

#[path = "../src/trace.rs"]
mod trace;

mod arch {
    /// Another thread's turn, as the checker has to know where one waits for another.
    pub(crate) fn yield_now() {
        loom::thread::yield_now();
    }
}

mod sync {
    pub(crate) use loom::sync::atomic::{AtomicU64, Ordering, fence};
}

mod model;
