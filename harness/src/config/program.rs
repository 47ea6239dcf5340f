//! The programs that the root task can run, and their parameters.

use std::ops::RangeInclusive;

/// A program of the root task.
#[derive(Debug, PartialEq, Eq)]
pub struct Program {
    /// The name passed as `workload=`.
    pub name: &'static str,
    /// One line on what it does.
    pub about: &'static str,
    /// Its parameters; every one must be given.
    pub parameters: &'static [Parameter],
}

/// A parameter of a program: a whole number.
#[derive(Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The boot argument's key.
    pub name: &'static str,
    /// What it means, with its unit.
    pub about: &'static str,
    /// The values that the program takes.
    pub range: RangeInclusive<i64>,
}

/// Every program.
pub(super) const PROGRAMS: &[Program] = &[Program {
    name: "ipc-pingpong",
    about: "round trips by Call and ReplyRecv between two address spaces",
    parameters: &[
        Parameter { name: "rounds", about: "samples to take", range: 1..=100_000 },
        Parameter { name: "batch", about: "round trips per sample", range: 1..=100_000 },
        Parameter { name: "warmup", about: "round trips before the first sample", range: 0..=1_000_000 },
        Parameter { name: "words", about: "message length in words", range: 0..=4 },
    ],
}];

impl Program {
    /// The program called `name`.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        PROGRAMS.iter().find(|program| program.name == name)
    }

    /// The parameter called `name`.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}
