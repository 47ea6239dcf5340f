//! Clients of a server that runs on the machine: they come from outside, over a real network connection, and measure what they see there.
//!
//! Every client sends pseudo-random bytes of its own and compares every byte that comes back. What they measure is the host's time.
//!
//! [`Assignment`] says what they do, [`Clients`] does it while the machine runs, [`Visit`] is what whoever watches the machine sees of it.

mod assignment;
mod churn;
mod connection;
mod error;
mod exchange;
mod load;
mod payload;
#[cfg(test)]
mod tests;
mod visit;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

pub use assignment::{Assignment, Work};
pub use error::{ClientError, Loss};
pub use exchange::{Exchange, load as load_exchanges, save as save_exchanges};
pub use visit::Visit;

/// Whether clients are to stop: because one of them failed, or because the machine is gone.
pub(crate) type Over = AtomicBool;

/// Clients at work.
#[derive(Debug)]
pub struct Clients {
    over: Arc<Over>,
    work: JoinHandle<Result<Vec<Exchange>, ClientError>>,
}

impl Clients {
    /// Sends clients to the server at `address`.
    #[must_use]
    pub fn send(assignment: Assignment, address: SocketAddr) -> Self {
        let over = Arc::new(Over::new(false));
        let seen = Arc::clone(&over);
        let work = thread::spawn(move || {
            let result = run(&assignment, address, &seen);
            if result.is_err() {
                seen.store(true, Ordering::Relaxed);
            }
            result
        });
        Self { over, work }
    }

    /// Whether one of them was not served as it should be.
    #[must_use]
    pub fn have_failed(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Whether all are back.
    #[must_use]
    pub fn are_back(&self) -> bool {
        self.work.is_finished()
    }

    /// Waits until all are back, which they are soon after their server is gone.
    ///
    /// # Errors
    /// One of them was not served as it should be.
    pub fn come_back(self) -> Result<Vec<Exchange>, ClientError> {
        self.work.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// Lets them stop as soon as they can.
    pub fn call_off(&self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// Does what is to be done, and tells the measured exchanges.
fn run(assignment: &Assignment, address: SocketAddr, over: &Over) -> Result<Vec<Exchange>, ClientError> {
    match assignment.work {
        Work::Load { messages } => load::run(assignment, messages, address, over),
        Work::Churn { sessions } => churn::run(assignment, sessions, address, over).map(|()| Vec::new()),
    }
}

/// The first failure of threads that were joined, or what each of them gave.
fn all<T>(results: Vec<thread::Result<Result<T, ClientError>>>) -> Result<Vec<T>, ClientError> {
    let unwound = |result: thread::Result<_>| result.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    results.into_iter().map(unwound).collect()
}
