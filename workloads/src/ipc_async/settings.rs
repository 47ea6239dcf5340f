//! The parameters of the workload.

use crate::failure::Failure;
use crate::pair::{BACKENDS, Backend, CAPACITY, IDLE, Idle};
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
    /// What both do when they have nothing to do.
    pub(super) idle: Idle,
}

const ROUNDS: &str = "rounds";
const BATCH: &str = "batch";
const WARMUP: &str = "warmup";
const WORDS: &str = "words";
const CONCURRENCY: &str = "concurrency";
const SERVER_HART: &str = "server_hart";
const BACKEND: &str = "backend";
const IDLE_KEY: &str = "idle";

impl Settings {
    pub(super) fn from_parameters(parameters: &Parameters<'_>) -> Result<Self, Failure> {
        parameters.only(&[ROUNDS, BATCH, WARMUP, WORDS, CONCURRENCY, SERVER_HART, BACKEND, IDLE_KEY])?;
        Ok(Self {
            rounds: parameters.integer(ROUNDS, 1..=100_000)?,
            batch: parameters.integer(BATCH, 1..=100_000)?,
            warmup: parameters.integer(WARMUP, 1..=1_000_000)?,
            words: parameters.integer(WORDS, 0..=4)?,
            concurrency: parameters.integer(CONCURRENCY, 1..=CAPACITY as u64)?,
            server_hart: parameters.integer(SERVER_HART, 0..=3)?,
            backend: parameters.choice(BACKEND, BACKENDS)?,
            idle: parameters.choice(IDLE_KEY, IDLE)?,
        })
    }

    /// What the processes need of the settings, as arguments.
    pub(super) const fn arguments(&self) -> [u64; 4] {
        let words = [self.words, self.concurrency, self.backend.word(), self.idle.word()];
        let packed = words[0] | words[1] << 8 | words[2] << 16 | words[3] << 24;
        [self.batch, self.warmup, packed, self.rounds]
    }

    /// Reads [`Settings::arguments`] back.
    pub(super) fn from_arguments([batch, warmup, packed, rounds]: [u64; 4]) -> Self {
        let byte = |index: u64| packed >> (8 * index) & 0xff;
        Self {
            rounds,
            batch,
            warmup,
            words: byte(0),
            concurrency: byte(1),
            server_hart: 0,
            backend: Backend::from_word(byte(2)),
            idle: Idle::from_word(byte(3)),
        }
    }
}
