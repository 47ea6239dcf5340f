//! The parameters of the workload.

use super::CAPACITY;
use crate::failure::Failure;
use crate::parameters::Parameters;

/// How requests reach the server, and how it makes its system calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Synchronous IPC, and traps.
    Synchronous,
    /// Rings between the two, and traps.
    Trap,
    /// Rings between the two, and rings to the kernel.
    Ring,
}

const WAYS: &[(&str, Way)] = &[("sync", Way::Synchronous), ("trap", Way::Trap), ("ring", Way::Ring)];

/// What to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// Samples.
    pub(super) rounds: u64,
    /// Requests per sample.
    pub(super) batch: u64,
    /// Requests before the first sample.
    pub(super) warmup: u64,
    /// Coroutines that ask.
    pub(super) concurrency: u64,
    /// The hart that the server runs on; the client runs on hart 0.
    pub(super) server_hart: u64,
    /// How.
    pub(super) way: Way,
    /// The hart that is asked to carry requests out; 0 asks none.
    pub(super) helper_hart: u64,
    /// Whether one is asked.
    pub(super) has_helper: bool,
}

const ROUNDS: &str = "rounds";
const BATCH: &str = "batch";
const WARMUP: &str = "warmup";
const CONCURRENCY: &str = "concurrency";
const SERVER_HART: &str = "server_hart";
const BY: &str = "by";
const HELPER_HART: &str = "helper_hart";

impl Settings {
    pub(super) fn from_parameters(parameters: &Parameters<'_>) -> Result<Self, Failure> {
        parameters.only(&[ROUNDS, BATCH, WARMUP, CONCURRENCY, SERVER_HART, BY, HELPER_HART])?;
        let helper_hart = parameters.integer(HELPER_HART, 0..=3)?;
        Ok(Self {
            rounds: parameters.integer(ROUNDS, 1..=100_000)?,
            batch: parameters.integer(BATCH, 1..=100_000)?,
            warmup: parameters.integer(WARMUP, 1..=1_000_000)?,
            concurrency: parameters.integer(CONCURRENCY, 1..=CAPACITY as u64)?,
            server_hart: parameters.integer(SERVER_HART, 0..=3)?,
            way: parameters.choice(BY, WAYS)?,
            helper_hart,
            has_helper: helper_hart != 0,
        })
    }

    /// What the processes need of the settings, as arguments.
    pub(super) const fn arguments(&self) -> [u64; 4] {
        let packed = self.concurrency | (self.way as u64) << 16 | (self.has_helper as u64) << 24;
        [self.batch, self.warmup, packed, self.rounds]
    }

    /// Reads [`Settings::arguments`] back.
    pub(super) fn from_arguments([batch, warmup, packed, rounds]: [u64; 4]) -> Self {
        let way = WAYS.iter().map(|&(_, way)| way).find(|&way| way as u64 == packed >> 16 & 0xff);
        Self {
            rounds,
            batch,
            warmup,
            concurrency: packed & 0xffff,
            server_hart: 0,
            way: way.unwrap_or(Way::Synchronous),
            helper_hart: 0,
            has_helper: packed >> 24 != 0,
        }
    }
}
