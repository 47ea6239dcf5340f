//! The parameters of the workload.

use crate::failure::Failure;
use crate::parameters::Parameters;

/// What to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// Samples.
    pub(super) rounds: u64,
    /// Calls per sample.
    pub(super) batch: u64,
    /// Calls before the first sample.
    pub(super) warmup: u64,
    /// Words in each message.
    pub(super) words: u64,
    /// Coroutines that call.
    pub(super) concurrency: u64,
    /// The hart that the server runs on; the client runs on hart 0.
    pub(super) server_hart: u64,
    /// What wakes a peer that sleeps.
    pub(super) backend: Backend,
}

/// What wakes a peer that sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Backend {
    /// A store that interrupts it.
    UserInterrupts,
    /// A signal by way of the kernel.
    KernelNotifications,
}

const BACKENDS: &[(&str, Backend)] =
    &[("uintr", Backend::UserInterrupts), ("kernel", Backend::KernelNotifications)];

const ROUNDS: &str = "rounds";
const BATCH: &str = "batch";
const WARMUP: &str = "warmup";
const WORDS: &str = "words";
const CONCURRENCY: &str = "concurrency";
const SERVER_HART: &str = "server_hart";
const BACKEND: &str = "backend";

impl Settings {
    pub(super) fn from_parameters(parameters: &Parameters<'_>) -> Result<Self, Failure> {
        parameters.only(&[ROUNDS, BATCH, WARMUP, WORDS, CONCURRENCY, SERVER_HART, BACKEND])?;
        Ok(Self {
            rounds: parameters.integer(ROUNDS, 1..=100_000)?,
            batch: parameters.integer(BATCH, 1..=100_000)?,
            warmup: parameters.integer(WARMUP, 0..=1_000_000)?,
            words: parameters.integer(WORDS, 0..=4)?,
            concurrency: parameters.integer(CONCURRENCY, 1..=super::CAPACITY as u64)?,
            server_hart: parameters.integer(SERVER_HART, 0..=3)?,
            backend: parameters.choice(BACKEND, BACKENDS)?,
        })
    }

    /// What the processes need of the settings, as arguments.
    pub(super) const fn arguments(&self) -> [u64; 4] {
        let backend = self.backend as u64;
        [self.batch, self.warmup, self.words | self.concurrency << 8 | backend << 16, self.rounds]
    }

    /// Reads [`Settings::arguments`] back.
    pub(super) const fn from_arguments([batch, warmup, packed, rounds]: [u64; 4]) -> Self {
        let backend = if packed >> 16 == 0 { Backend::UserInterrupts } else { Backend::KernelNotifications };
        let (words, concurrency) = (packed & 0xff, packed >> 8 & 0xff);
        Self { rounds, batch, warmup, words, concurrency, server_hart: 0, backend }
    }
}
