//! What a series of measurements is called, how long it is, and what is to be taken off.

use core::fmt;

/// Stands in the place of an operation whose window is of no interest.
pub(super) const NONE: &str = "none";

/// What measuring costs, by the kind of window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overhead {
    /// A window around one instruction.
    Instruction,
    /// A window around one instruction and the use of a floating-point register.
    InstructionThenFloat,
    /// A window around nothing.
    Empty,
    /// Nothing is to be taken off.
    None,
}

impl Overhead {
    /// The metric with its samples.
    pub(super) const fn metric(self) -> &'static str {
        match self {
            Self::Instruction => "overhead_instruction",
            Self::InstructionThenFloat => "overhead_instruction_float",
            Self::Empty => "overhead_empty",
            Self::None => NONE,
        }
    }
}

/// How often a cycle is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Effort {
    /// Before the first sample.
    pub(super) warmup: u64,
    /// Samples.
    pub(super) rounds: u64,
    /// Behind the last sample.
    pub(super) cooldown: u64,
}

impl Effort {
    /// This, but at most `limit` warm-ups and samples: for operations that take long.
    pub(super) fn at_most(self, limit: u64) -> Self {
        Self { warmup: self.warmup.min(limit), rounds: self.rounds.min(limit), ..self }
    }

    /// This and one cycle more at either end, for threads that hand control to each other: the first cycle finds them in any order, and in
    /// the last one not all come to write the counter down.
    pub(super) const fn of_a_play(self) -> Self {
        Self { warmup: self.warmup + 1, cooldown: self.cooldown + 1, ..self }
    }

    /// All cycles.
    pub(super) const fn cycles(self) -> u64 {
        self.warmup + self.rounds + self.cooldown
    }
}

/// Operations with commas between.
pub(super) struct Listed<'a>(pub(super) &'a [&'a str]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, rest) = self.0.split_first().ok_or(fmt::Error)?;
        f.write_str(first)?;
        rest.iter().try_for_each(|operation| write!(f, ",{operation}"))
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn operations_are_listed_in_the_order_of_their_windows() {
        assert_eq!(Listed(&["ipc_call", NONE, "ipc_reply"]).to_string(), "ipc_call,none,ipc_reply");
    }

    #[test]
    fn effort_can_be_limited_and_made_that_of_a_play() {
        let effort = Effort { warmup: 3, rounds: 100, cooldown: 0 };
        assert_eq!(effort.at_most(16), Effort { rounds: 16, ..effort });
        assert_eq!(effort.of_a_play().cycles(), 105);
    }
}
