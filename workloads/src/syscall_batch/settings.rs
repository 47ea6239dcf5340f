//! The parameters of the workload.

use super::MAX_TOGETHER;
use super::calls::Kind;
use crate::failure::Failure;
use crate::parameters::Parameters;

/// How calls are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Each by a trap.
    Trap,
    /// Through the rings.
    Ring,
}

const WAYS: &[(&str, Way)] = &[("trap", Way::Trap), ("ring", Way::Ring)];

/// What to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// Samples.
    pub(super) rounds: u64,
    /// Calls per sample.
    pub(super) batch: u64,
    /// Calls before the first sample.
    pub(super) warmup: u64,
    /// Calls at a time.
    pub(super) together: usize,
    /// Which calls.
    pub(super) kind: Kind,
    /// How they are made.
    pub(super) way: Way,
    /// The hart that is asked to carry requests out; 0 asks none.
    pub(super) helper_hart: u64,
    /// Whether one is asked.
    pub(super) has_helper: bool,
}

const ROUNDS: &str = "rounds";
const BATCH: &str = "batch";
const WARMUP: &str = "warmup";
const TOGETHER: &str = "together";
const CALL: &str = "call";
const BY: &str = "by";
const HELPER_HART: &str = "helper_hart";

impl Settings {
    pub(super) fn from_parameters(parameters: &Parameters<'_>) -> Result<Self, Failure> {
        parameters.only(&[ROUNDS, BATCH, WARMUP, TOGETHER, CALL, BY, HELPER_HART])?;
        let helper_hart = parameters.integer(HELPER_HART, 0..=3)?;
        let settings = Self {
            rounds: parameters.integer(ROUNDS, 1..=100_000)?,
            batch: parameters.integer(BATCH, 2..=100_000)?,
            warmup: parameters.integer(WARMUP, 0..=1_000_000)?,
            together: parameters.integer(TOGETHER, 1..=MAX_TOGETHER as u64)? as usize,
            kind: parameters.choice(CALL, Kind::ALL)?,
            way: parameters.choice(BY, WAYS)?,
            helper_hart,
            has_helper: helper_hart != 0,
        };
        if !settings.batch.is_multiple_of(2 * settings.together as u64) {
            return Err(Failure::Check { name: "batch_is_a_multiple_of_twice_together" });
        }
        Ok(settings)
    }

    /// What the process needs of the settings, as arguments.
    pub(super) const fn arguments(&self) -> [u64; 4] {
        let packed = self.together as u64
            | (self.kind as u64) << 8
            | (self.way as u64) << 16
            | (self.has_helper as u64) << 24;
        [self.rounds, self.batch, self.warmup, packed]
    }

    /// Reads [`Settings::arguments`] back.
    pub(super) fn from_arguments([rounds, batch, warmup, packed]: [u64; 4]) -> Self {
        let byte = |index: u64| packed >> (8 * index) & 0xff;
        let kind = Kind::ALL.iter().map(|&(_, kind)| kind).find(|&kind| kind as u64 == byte(1));
        Self {
            rounds,
            batch,
            warmup,
            together: byte(0) as usize,
            kind: kind.unwrap_or(Kind::Null),
            way: if byte(2) == Way::Ring as u64 { Way::Ring } else { Way::Trap },
            helper_hart: 0,
            has_helper: byte(3) != 0,
        }
    }
}
