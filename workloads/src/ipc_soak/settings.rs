//! The parameters of the workload.

use super::fault::{FAULTS, Fault};
use crate::failure::Failure;
use crate::pair::{BACKENDS, Backend};
use crate::parameters::Parameters;

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// Calls to make.
    pub(super) calls: u64,
    /// What everything random depends on.
    pub(super) seed: u64,
    /// The hart that the server runs on; the client runs on hart 0.
    pub(super) server_hart: u64,
    /// What wakes a peer that sleeps.
    pub(super) backend: Backend,
    /// What goes wrong on purpose.
    pub(super) fault: Fault,
    /// Milliseconds of guest time without progress after which client and server count as stuck.
    pub(super) patience_ms: u64,
}

const CALLS: &str = "calls";
const SEED: &str = "seed";
const SERVER_HART: &str = "server_hart";
const BACKEND: &str = "backend";
const FAULT: &str = "fault";
const PATIENCE: &str = "patience_ms";

impl Settings {
    pub(super) fn from_parameters(parameters: &Parameters<'_>) -> Result<Self, Failure> {
        parameters.only(&[CALLS, SEED, SERVER_HART, BACKEND, FAULT, PATIENCE])?;
        Ok(Self {
            calls: parameters.integer(CALLS, 1..=100_000_000)?,
            seed: parameters.integer(SEED, 0..=u64::from(u32::MAX))?,
            server_hart: parameters.integer(SERVER_HART, 0..=3)?,
            backend: parameters.choice(BACKEND, BACKENDS)?,
            fault: parameters.choice(FAULT, FAULTS)?,
            patience_ms: parameters.integer(PATIENCE, 1..=600_000)?,
        })
    }

    /// What client and server need of the settings, as arguments.
    pub(super) const fn arguments(&self) -> [u64; 4] {
        [self.calls, self.seed, self.backend.word(), self.fault.word()]
    }

    /// Reads [`Settings::arguments`] back.
    pub(super) fn from_arguments([calls, seed, backend, fault]: [u64; 4]) -> Self {
        let (backend, fault) = (Backend::from_word(backend), Fault::from_word(fault));
        Self { calls, seed, server_hart: 0, backend, fault, patience_ms: 0 }
    }

    /// How often a dispatcher works on instead of blocking: once of so many times, or never. Where a notification is to be
    /// lost, never: somebody who works on would look anyway.
    pub(super) fn works_in(&self) -> u64 {
        if self.fault == Fault::None { 4 } else { 0 }
    }
}
