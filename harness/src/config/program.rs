//! The programs that the root task can run, and their parameters.

use std::fmt;
use std::ops::RangeInclusive;

use super::{RootServer, Value};

/// A program that a root task can run.
#[derive(Debug, PartialEq, Eq)]
pub struct Program {
    /// The name passed as `workload=`.
    pub name: &'static str,
    /// The root server of this workspace that has it; `None` if the matrix names another one.
    pub root_server: Option<RootServer>,
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
    /// Patterns of test names: capital letters, digits, `_`, `*` for any text, `,` between patterns.
    TestNames,
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
            Self::TestNames => {
                let is_part = |byte: u8| {
                    byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'*' | b',')
                };
                let is_pattern = |text: &&str| !text.is_empty() && text.bytes().all(is_part);
                raw.as_str().filter(is_pattern).map(|text| Value::Word(text.to_owned()))
            }
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Numbers(range) => write!(f, "a number from {} to {}", range.start(), range.end()),
            Self::Words(words) => write!(f, "one of \"{}\"", words.join("\", \"")),
            Self::TestNames => f.write_str("patterns of test names, such as \"IPC*,BIND0001\""),
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
        root_server: Some(RootServer::RootTask),
        about: "round trips by Call and ReplyRecv between two address spaces",
        parameters: &[
            numbers("rounds", "samples to take", 1..=100_000),
            numbers("batch", "round trips per sample", 1..=100_000),
            numbers("warmup", "round trips before the first sample", 0..=1_000_000),
            numbers("words", "message length in words", 0..=4),
            numbers("work", "turns that the server computes for each request", 0..=1_000_000),
            numbers("server_hart", "hart of the server; the client runs on hart 0", 0..=3),
        ],
    },
    Program {
        name: "ipc-async",
        root_server: Some(RootServer::RootTask),
        about: "calls through shared rings between two address spaces, many at a time",
        parameters: &[
            numbers("rounds", "samples to take", 1..=100_000),
            numbers("batch", "calls per sample", 1..=100_000),
            numbers("warmup", "calls before the first sample", 1..=1_000_000),
            numbers("words", "message length in words", 0..=4),
            numbers("work", "turns that the server computes for each request", 0..=1_000_000),
            numbers("concurrency", "calls under way at a time", 1..=64),
            numbers("server_hart", "hart of the server; the client runs on hart 0", 0..=3),
            words("backend", "what wakes a peer that sleeps", &["uintr", "kernel"]),
            words(
                "idle",
                "what a side does that has nothing to do",
                &["block", "work", "spin", "yield", "attend"],
            ),
            words("notify", "when a side notifies the other", &["asleep", "always"]),
            words(
                "queue",
                "what holds the coroutines that are ready; hardware needs uintr and no work",
                &["software", "hardware"],
            ),
        ],
    },
    Program {
        name: "ipc-soak",
        root_server: Some(RootServer::RootTask),
        about: "very many calls through shared rings, with random concurrency and random stalls; checks that none is lost",
        parameters: &[
            numbers("calls", "calls to make", 1..=100_000_000),
            numbers("seed", "what everything random depends on", 0..=0xffff_ffff),
            numbers("server_hart", "hart of the server; the client runs on hart 0", 0..=3),
            words("backend", "what wakes a peer that sleeps", &["uintr", "kernel"]),
            words(
                "fault",
                "what goes wrong once, on purpose",
                &["none", "lost-notification", "lost-answer", "second-call"],
            ),
            numbers(
                "patience_ms",
                "milliseconds of guest time without progress that are too many",
                1..=600_000,
            ),
        ],
    },
    Program {
        name: "tcp-echo",
        root_server: Some(RootServer::Tcp),
        about: "an echo server over TCP in isolated processes, loaded from inside the guest",
        parameters: &[
            words("ipc", "how the server's processes talk", &["sync", "async", "async-kernel"]),
            numbers("connections", "connections, each with one message under way", 1..=64),
            numbers("rounds", "samples to take", 1..=1000),
            numbers("batch", "messages per sample", 1..=10_000),
            numbers("warmup", "messages before the first sample", 1..=100_000),
            numbers("application_hart", "hart of the echo server; the network stack runs on hart 0", 0..=3),
            numbers("generator_hart", "hart of the load generator; apart from hart 0 it never sleeps", 0..=3),
        ],
    },
    Program {
        name: "tcp-churn",
        root_server: Some(RootServer::Tcp),
        about: "an echo server over TCP whose clients come and go in every way; checks that nothing is lost or left behind",
        parameters: &[
            words("ipc", "how the server's processes talk", &["sync", "async", "async-kernel"]),
            numbers("connections", "connections that are open at once", 1..=64),
            numbers("sessions", "clients that come and go on each of them", 1..=10_000),
            numbers("application_hart", "hart of the echo server; the network stack runs on hart 0", 0..=3),
            numbers("generator_hart", "hart of the load generator; apart from hart 0 it never sleeps", 0..=3),
        ],
    },
    Program {
        name: Program::ECHO_OUTSIDE,
        root_server: Some(RootServer::Tcp),
        about: "an echo server over TCP, loaded from outside through a network card; needs a platform with `forward`",
        parameters: &[
            words("ipc", "how the server's processes talk", &["sync", "async", "async-kernel"]),
            numbers("connections", "connections, each with one message under way", 1..=64),
            numbers("rounds", "samples to take", 1..=1000),
            numbers("batch", "messages per sample", 1..=10_000),
            numbers("warmup", "messages before the first sample", 1..=100_000),
            numbers("bytes", "bytes of a message", 1..=4096),
            numbers("application_hart", "hart of the echo server; stack and driver run on hart 0", 0..=3),
        ],
    },
    Program {
        name: Program::CHURN_OUTSIDE,
        root_server: Some(RootServer::Tcp),
        about: "an echo server over TCP whose clients come and go outside the machine, in every way; checks as tcp-churn does; needs a \
                platform with `forward`",
        parameters: &[
            words("ipc", "how the server's processes talk", &["sync", "async", "async-kernel"]),
            numbers("connections", "connections that are open at once, and clients", 1..=64),
            numbers("sessions", "times that each client comes and goes", 1..=10_000),
            numbers("bytes", "bytes of a message", 1..=4096),
            numbers("application_hart", "hart of the echo server; stack and driver run on hart 0", 0..=3),
        ],
    },
    Program {
        name: "memory-server",
        root_server: Some(RootServer::RootTask),
        about: "a server that maps and unmaps pages for its client, by traps or through rings",
        parameters: &[
            numbers("rounds", "samples to take", 1..=100_000),
            numbers("batch", "requests per sample", 1..=100_000),
            numbers("warmup", "requests before the first sample", 1..=1_000_000),
            numbers("concurrency", "requests under way at a time", 1..=256),
            numbers("server_hart", "hart of the server; the client runs on hart 0", 0..=3),
            words(
                "by",
                "synchronous IPC and traps, rings and traps, or rings everywhere",
                &["sync", "trap", "ring"],
            ),
            numbers("helper_hart", "hart asked to carry requests out; 0 asks none", 0..=3),
        ],
    },
    Program {
        name: "syscall-batch",
        root_server: Some(RootServer::RootTask),
        about: "system calls of one thread, by traps or through rings, several at a time",
        parameters: &[
            numbers("rounds", "samples to take", 1..=100_000),
            numbers("batch", "calls per sample, a multiple of twice those at a time", 2..=100_000),
            numbers("warmup", "calls before the first sample", 0..=1_000_000),
            numbers("together", "calls at a time", 1..=32),
            words("call", "which calls", &["null", "refused", "signal", "page", "capability", "object"]),
            words("by", "how they are made", &["trap", "ring"]),
            numbers("helper_hart", "hart asked to carry requests out; 0 asks none", 0..=3),
        ],
    },
    Program {
        name: "bench",
        root_server: Some(RootServer::RootTask),
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
                    "monitor",
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
        name: "notification",
        root_server: Some(RootServer::RootTask),
        about: "notifications between two address spaces, one at a time, stage by stage; needs a kernel with tracepoints",
        parameters: &[
            numbers("rounds", "notifications to measure", 1..=100_000),
            numbers("warmup", "notifications before those", 1..=100_000),
            words("backend", "what notifies the receiver", &["uintr", "kernel"]),
            words(
                "receiver",
                "where it is: it runs or could run, or it waits in the kernel",
                &["online", "offline"],
            ),
            numbers("receiver_hart", "hart of the receiver; the sender runs on hart 0", 0..=3),
        ],
    },
    Program {
        name: "unotification-check",
        root_server: Some(RootServer::RootTask),
        about: "checks U-notifications end to end; needs a kernel with uintr",
        parameters: &[],
    },
    Program {
        name: "fault-check",
        root_server: Some(RootServer::RootTask),
        about: "checks fault records end to end; needs a kernel with uintr and without sync-ipc",
        parameters: &[],
    },
    Program {
        name: "sel4test",
        root_server: Some(RootServer::Sel4test),
        about: "seL4's test suite, written anew",
        parameters: &[
            Parameter {
                name: "tests",
                about: "patterns of the names of the tests to run",
                domain: Domain::TestNames,
            },
            numbers("rounds", "times that all of them are run", 1..=1000),
            numbers("seed", "seed of the order in each round; 0 keeps seL4's order", 0..=0xffff_ffff),
        ],
    },
    Program {
        name: "hostile-vs",
        root_server: Some(RootServer::RootTask),
        about: "a hostile user thread beside one that must not notice; needs a kernel with uintr",
        parameters: &[words(
            "attack",
            "what the hostile thread does",
            &[
                "hypervisor-registers",
                "machine-registers",
                "hypervisor-instructions",
                "address-space-register",
                "guessed-addresses",
                "leftovers",
                "registers-kept",
                "status-bits",
                "foreign-identities",
                "foreign-claims",
                "user-mode",
                "return-to-kernel",
                "breakpoint",
                "own-exception-vector",
                "floating-point-off",
                "vector-to-nowhere",
                "interrupt-without-claim",
                "interrupt-storm",
                "silenced-wait",
                "system-call-storm",
            ],
        )],
    },
    Program {
        name: "misbehave",
        root_server: Some(RootServer::RootTask),
        about: "goes wrong on purpose, to test whatever has to notice",
        parameters: &[
            words("who", "who goes wrong", &["root", "child"]),
            words("how", "how it goes wrong", &["exception", "capability", "stack", "panic", "silence"]),
        ],
    },
];

/// What a root server that was built elsewhere runs: it alone knows.
pub(super) const FOREIGN: &Program = &Program {
    name: "foreign",
    root_server: None,
    about: "whatever the root server built elsewhere does",
    parameters: &[],
};

impl Program {
    /// The name of the TCP server that clients outside the machine load and measure.
    pub const ECHO_OUTSIDE: &str = "tcp-echo-outside";
    /// The name of the TCP server whose clients come and go outside the machine.
    pub const CHURN_OUTSIDE: &str = "tcp-churn-outside";

    /// Whether clients come from outside the machine.
    #[must_use]
    pub fn has_clients_outside(&self) -> bool {
        [Self::ECHO_OUTSIDE, Self::CHURN_OUTSIDE].contains(&self.name)
    }

    /// The program of this workspace called `name`.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        PROGRAMS.iter().find(|program| program.name == name)
    }

    /// The parameter called `name`.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}
