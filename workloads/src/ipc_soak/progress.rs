//! What everybody may know of how far the run is.

use core::sync::atomic::{AtomicU64, Ordering};

/// How far the run is, in shared memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress<'m>(&'m [AtomicU64]);

const ANSWERED: usize = 0;
const SERVED: usize = 8;
const EPOCHS: usize = 16;
const CLIENT_WAITS: usize = 17;
const SERVER_WAITS: usize = 18;

impl<'m> Progress<'m> {
    /// Words it takes.
    pub(super) const WORDS: usize = 24;

    /// In the first [`Progress::WORDS`] of `memory`.
    pub(super) fn new(memory: &'m [AtomicU64]) -> Self {
        Self(&memory[..Self::WORDS])
    }

    /// Calls that the client has the answers of.
    pub(super) fn answered(self) -> u64 {
        self.0[ANSWERED].load(Ordering::Relaxed)
    }

    pub(super) fn set_answered(self, calls: u64) {
        self.0[ANSWERED].store(calls, Ordering::Relaxed);
    }

    /// Calls that the server took.
    pub(super) fn served(self) -> u64 {
        self.0[SERVED].load(Ordering::Relaxed)
    }

    pub(super) fn set_served(self, calls: u64) {
        self.0[SERVED].store(calls, Ordering::Relaxed);
    }

    /// Changes of concurrency.
    pub(super) fn epochs(self) -> u64 {
        self.0[EPOCHS].load(Ordering::Relaxed)
    }

    /// Times the client waited in the kernel.
    pub(super) fn client_waits(self) -> u64 {
        self.0[CLIENT_WAITS].load(Ordering::Relaxed)
    }

    /// Times the server waited in the kernel.
    pub(super) fn server_waits(self) -> u64 {
        self.0[SERVER_WAITS].load(Ordering::Relaxed)
    }

    /// What is known at the end.
    pub(super) fn close(self, epochs: u64, client_waits: u64, server_waits: u64) {
        for (place, value) in [(EPOCHS, epochs), (CLIENT_WAITS, client_waits), (SERVER_WAITS, server_waits)] {
            self.0[place].store(value, Ordering::Relaxed);
        }
    }
}
