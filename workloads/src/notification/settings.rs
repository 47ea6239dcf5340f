//! The parameters of the workload.

use crate::failure::Failure;
use crate::pair::{BACKENDS, Backend};
use crate::parameters::Parameters;

/// Where a receiver is when it is notified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// It runs, or could run.
    Online,
    /// It waits in the kernel.
    Offline,
}

/// The words that stand for them in parameters.
const PRESENCES: &[(&str, Presence)] = &[("online", Presence::Online), ("offline", Presence::Offline)];

/// Whether sender and receiver share a hart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Neighbours {
    /// They take turns.
    OnOneHart,
    /// Each has its own.
    OnTwoHarts,
}

/// What to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// Notifications to measure.
    pub(super) rounds: u64,
    /// Notifications before those.
    pub(super) warmup: u64,
    /// How the receiver is notified.
    pub(super) backend: Backend,
    /// Where it is then.
    pub(super) receiver: Presence,
    /// The hart that it runs on; the sender runs on hart 0.
    pub(super) receiver_hart: u64,
}

const ROUNDS: &str = "rounds";
const WARMUP: &str = "warmup";
const BACKEND: &str = "backend";
const RECEIVER: &str = "receiver";
const RECEIVER_HART: &str = "receiver_hart";

impl Settings {
    pub(super) fn from_parameters(parameters: &Parameters<'_>) -> Result<Self, Failure> {
        parameters.only(&[ROUNDS, WARMUP, BACKEND, RECEIVER, RECEIVER_HART])?;
        Ok(Self {
            rounds: parameters.integer(ROUNDS, 1..=100_000)?,
            warmup: parameters.integer(WARMUP, 1..=100_000)?,
            backend: parameters.choice(BACKEND, BACKENDS)?,
            receiver: parameters.choice(RECEIVER, PRESENCES)?,
            receiver_hart: parameters.integer(RECEIVER_HART, 0..=3)?,
        })
    }

    /// What the processes need of the settings, as arguments.
    pub(super) const fn arguments(&self) -> [u64; 4] {
        let packed = self.backend.word() | (self.receiver as u64) << 8 | self.receiver_hart << 16;
        [self.rounds, self.warmup, packed, 0]
    }

    /// Reads [`Settings::arguments`] back.
    pub(super) fn from_arguments([rounds, warmup, packed, _]: [u64; 4]) -> Self {
        let byte = |index: u64| packed >> (8 * index) & 0xff;
        Self {
            rounds,
            warmup,
            backend: Backend::from_word(byte(0)),
            receiver: if byte(1) == Presence::Online as u64 { Presence::Online } else { Presence::Offline },
            receiver_hart: byte(2),
        }
    }

    /// Whether the two share a hart.
    pub(super) const fn neighbours(&self) -> Neighbours {
        if self.receiver_hart == 0 { Neighbours::OnOneHart } else { Neighbours::OnTwoHarts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processes_get_the_settings_that_the_parameters_gave() {
        for (backend, receiver) in
            [(Backend::UserInterrupts, Presence::Offline), (Backend::KernelNotifications, Presence::Online)]
        {
            let settings = Settings { rounds: 7, warmup: 3, backend, receiver, receiver_hart: 2 };
            assert_eq!(Settings::from_arguments(settings.arguments()), settings);
        }
    }
}
