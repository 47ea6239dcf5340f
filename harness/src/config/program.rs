//! The programs that the root task can run, and their parameters.

use std::fmt;
use std::ops::RangeInclusive;

use super::Value;

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

/// A parameter of a program.
#[derive(Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The boot argument's key.
    pub name: &'static str,
    /// What it means, with its unit.
    pub about: &'static str,
    /// The values that the program takes.
    pub domain: Domain,
}

/// The values that a parameter takes.
#[derive(Debug, PartialEq, Eq)]
pub enum Domain {
    /// Whole numbers in a range.
    Numbers(RangeInclusive<i64>),
    /// One of some words.
    Words(&'static [&'static str]),
}

impl Domain {
    /// The value that stands in the matrix as `raw`, if it is one of these.
    pub(super) fn value(&self, raw: &toml::Value) -> Option<Value> {
        match self {
            Self::Numbers(range) => {
                raw.as_integer().filter(|number| range.contains(number)).map(Value::Number)
            }
            Self::Words(words) => {
                raw.as_str().filter(|word| words.contains(word)).map(|word| Value::Word(word.to_owned()))
            }
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Numbers(range) => write!(f, "a number from {} to {}", range.start(), range.end()),
            Self::Words(words) => write!(f, "one of \"{}\"", words.join("\", \"")),
        }
    }
}

const fn numbers(name: &'static str, about: &'static str, range: RangeInclusive<i64>) -> Parameter {
    Parameter { name, about, domain: Domain::Numbers(range) }
}

const fn words(name: &'static str, about: &'static str, words: &'static [&'static str]) -> Parameter {
    Parameter { name, about, domain: Domain::Words(words) }
}

/// Every program.
pub(super) const PROGRAMS: &[Program] = &[
    Program {
        name: "ipc-pingpong",
        about: "round trips by Call and ReplyRecv between two address spaces",
        parameters: &[
            numbers("rounds", "samples to take", 1..=100_000),
            numbers("batch", "round trips per sample", 1..=100_000),
            numbers("warmup", "round trips before the first sample", 0..=1_000_000),
            numbers("words", "message length in words", 0..=4),
            numbers("server_hart", "hart of the server; the client runs on hart 0", 0..=3),
        ],
    },
    Program {
        name: "ipc-async",
        about: "calls through shared rings between two address spaces, many at a time",
        parameters: &[
            numbers("rounds", "samples to take", 1..=100_000),
            numbers("batch", "calls per sample", 1..=100_000),
            numbers("warmup", "calls before the first sample", 0..=1_000_000),
            numbers("words", "message length in words", 0..=4),
            numbers("concurrency", "calls under way at a time", 1..=64),
            numbers("server_hart", "hart of the server; the client runs on hart 0", 0..=3),
            words("backend", "what wakes a peer that sleeps", &["uintr", "kernel"]),
        ],
    },
    Program {
        name: "bench",
        about: "what single operations of the kernel cost",
        parameters: &[
            words(
                "group",
                "which operations",
                &[
                    "all",
                    "null",
                    "ipc",
                    "ipc-caps",
                    "ipc-fpu",
                    "signal",
                    "yield",
                    "fault",
                    "interrupt",
                    "mapping",
                    "retype",
                    "cnode",
                    "thread",
                    "remote",
                ],
            ),
            numbers("rounds", "samples of each operation", 1..=1000),
            numbers("warmup", "times each operation is done before its first sample", 0..=1000),
        ],
    },
    Program {
        name: "unotification-check",
        about: "checks U-notifications end to end; needs a kernel with uintr",
        parameters: &[],
    },
    Program {
        name: "misbehave",
        about: "goes wrong on purpose, to test whatever has to notice",
        parameters: &[
            words("who", "who goes wrong", &["root", "child"]),
            words("how", "how it goes wrong", &["exception", "capability", "stack", "panic", "silence"]),
        ],
    },
];

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
