//! Counts messages, and takes a sample after every batch of them.

use rel4_markers::{Event, Stage};

use super::Outcome;
use super::log::{Log, What};

const ROUND_TRIP: u32 = Stage::RoundTrip.index();
const MESSAGE: u32 = Event::Message.index();

/// Where the run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    WarmUp,
    /// Samples that were taken.
    Measured(u64),
    Over,
}

/// Counts messages, and takes samples.
pub(super) struct Recorder<'m> {
    log: Log<'m>,
    rounds: u64,
    batch: u64,
    phase: Phase,
    /// Answers until the next phase or sample.
    left: u64,
    outcome: Outcome,
}

impl<'m> Recorder<'m> {
    /// Takes `rounds` samples of `batch` messages each, after `warmup` messages.
    pub(super) const fn new(rounds: u64, batch: u64, warmup: u64, log: Log<'m>) -> Self {
        let outcome = Outcome { sent: 0, right: 0, differences: 0 };
        Self { log, rounds, batch, phase: Phase::WarmUp, left: warmup, outcome }
    }

    /// Something happened to a message, now.
    #[inline(always)]
    pub(super) fn event(&self, connection: usize, what: What) {
        if matches!(self.phase, Phase::Measured(_)) {
            rel4_markers::point::<MESSAGE>();
            self.log.add(connection, what);
        }
    }

    /// A message was sent.
    pub(super) const fn sent(&mut self) {
        self.outcome.sent += 1;
    }

    /// A message came back, with these bits changed.
    #[inline(always)]
    pub(super) fn answered(&mut self, differences: u64) {
        self.outcome.right += u64::from(differences == 0);
        self.outcome.differences |= differences;
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            self.step();
        }
    }

    #[inline(never)]
    fn step(&mut self) {
        let taken = match self.phase {
            Phase::WarmUp => 0,
            Phase::Measured(taken) => {
                rel4_markers::end::<ROUND_TRIP>();
                taken + 1
            }
            Phase::Over => return,
        };
        self.left = self.batch;
        if taken == self.rounds {
            self.phase = Phase::Over;
        } else {
            self.phase = Phase::Measured(taken);
            rel4_markers::begin::<ROUND_TRIP>();
        }
    }

    /// A connection broke.
    pub(super) const fn broken(&mut self) {
        self.outcome.differences = u64::MAX;
        self.phase = Phase::Over;
    }

    /// No more messages are to be sent.
    pub(super) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// What came of the messages.
    pub(super) const fn outcome(&self) -> Outcome {
        self.outcome
    }
}
