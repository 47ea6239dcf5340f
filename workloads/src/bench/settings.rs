//! The parameters of the workload.

use super::groups::{CHOICES, Group};
use crate::failure::Failure;
use crate::parameters::Parameters;

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// The groups, in order.
    pub(super) groups: &'static [Group],
    /// Samples of each operation.
    pub(super) rounds: u64,
    /// Times each operation is done before its first sample.
    pub(super) warmup: u64,
}

/// The most samples of an operation.
pub(super) const MAX_ROUNDS: u64 = 1000;
/// The most times that an operation is done before.
pub(super) const MAX_WARMUP: u64 = 1000;

const GROUP: &str = "group";
const ROUNDS: &str = "rounds";
const WARMUP: &str = "warmup";

impl Settings {
    pub(super) fn from_parameters(parameters: &Parameters<'_>) -> Result<Self, Failure> {
        parameters.only(&[GROUP, ROUNDS, WARMUP])?;
        Ok(Self {
            groups: parameters.choice(GROUP, CHOICES)?,
            rounds: parameters.integer(ROUNDS, 1..=MAX_ROUNDS)?,
            warmup: parameters.integer(WARMUP, 0..=MAX_WARMUP)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Settings, Failure> {
        Settings::from_parameters(&Parameters::new(text, &[]))
    }

    #[test]
    fn one_group_or_all_can_be_asked_for() {
        for group in ["all", "ipc"] {
            let text = format!("group={group} rounds=16 warmup=0");
            assert_eq!(
                parse(&text).map(|settings| (settings.rounds, settings.warmup)),
                Ok((16, 0)),
                "{text}"
            );
        }
    }

    #[test]
    fn each_parameter_is_needed_bounded_and_known() {
        for text in [
            "rounds=16 warmup=4",
            "group=none rounds=16 warmup=4",
            "group=ipc warmup=4",
            "group=ipc rounds=0 warmup=4",
            "group=ipc rounds=1001 warmup=4",
            "group=ipc rounds=16",
            "group=ipc rounds=16 warmup=1001",
            "group=ipc rounds=16 warmup=4 words=1",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
