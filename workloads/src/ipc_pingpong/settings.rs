//! The parameters of the workload.

use crate::failure::Failure;
use crate::load::{TURNS, WORK};
use crate::parameters::Parameters;

/// What to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// Samples.
    pub(super) rounds: u64,
    /// Round trips per sample.
    pub(super) batch: u64,
    /// Round trips before the first sample.
    pub(super) warmup: u64,
    /// Words in each message.
    pub(super) words: u64,
    /// Turns that the server computes for each request.
    pub(super) work: u64,
    /// The hart that the server runs on; the client runs on hart 0.
    pub(super) server_hart: u64,
}

const ROUNDS: &str = "rounds";
const BATCH: &str = "batch";
const WARMUP: &str = "warmup";
const WORDS: &str = "words";
const SERVER_HART: &str = "server_hart";

impl Settings {
    pub(super) fn from_parameters(parameters: &Parameters<'_>) -> Result<Self, Failure> {
        parameters.only(&[ROUNDS, BATCH, WARMUP, WORDS, WORK, SERVER_HART])?;
        Ok(Self {
            rounds: parameters.integer(ROUNDS, 1..=100_000)?,
            batch: parameters.integer(BATCH, 1..=100_000)?,
            warmup: parameters.integer(WARMUP, 0..=1_000_000)?,
            // More would leave the registers.
            words: parameters.integer(WORDS, 0..=4)?,
            work: parameters.integer(WORK, TURNS)?,
            server_hart: parameters.integer(SERVER_HART, 0..=3)?,
        })
    }

    /// What the processes need of the settings, as arguments.
    pub(super) const fn arguments(&self) -> [u64; 4] {
        [self.rounds, self.batch, self.warmup, self.words | self.work << 8]
    }

    /// Reads [`Settings::arguments`] back.
    pub(super) const fn from_arguments([rounds, batch, warmup, packed]: [u64; 4]) -> Self {
        Self { rounds, batch, warmup, words: packed & 0xff, work: packed >> 8, server_hart: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Settings, Failure> {
        Settings::from_parameters(&Parameters::new(text, &[]))
    }

    #[test]
    fn settings_survive_the_way_into_a_process() {
        let settings =
            parse("rounds=1 batch=2 warmup=3 words=4 work=5 server_hart=0").expect("good parameters");
        assert_eq!(settings, Settings { rounds: 1, batch: 2, warmup: 3, words: 4, work: 5, server_hart: 0 });
        assert_eq!(Settings::from_arguments(settings.arguments()), settings);
    }

    #[test]
    fn each_parameter_is_needed_bounded_and_known() {
        for text in [
            "batch=2 warmup=3 words=4 work=0 server_hart=0",
            "rounds=1 batch=2 warmup=3 words=4 work=0",
            "rounds=1 batch=2 warmup=3 words=4 server_hart=0",
            "rounds=1 batch=2 warmup=3 words=4 work=1000001 server_hart=0",
            "rounds=0 batch=2 warmup=3 words=4 work=0 server_hart=0",
            "rounds=100001 batch=2 warmup=3 words=4 work=0 server_hart=0",
            "rounds=1 batch=0 warmup=3 words=4 work=0 server_hart=0",
            "rounds=1 batch=2 warmup=1000001 words=4 work=0 server_hart=0",
            "rounds=1 batch=2 warmup=3 words=5 work=0 server_hart=0",
            "rounds=1 batch=2 warmup=3 words=4 work=0 server_hart=4",
            "rounds=1 batch=2 warmup=3 words=4 work=0 server_hart=0 speed=9",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
