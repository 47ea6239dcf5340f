//! How a test is described.

use crate::env::Env;
use crate::machine::Machine;
use crate::report::Outcome;

/// Where a test runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// In the driver itself, before all others.
    Bootstrap,
    /// In a process of its own.
    Basic,
}

/// Something that not every kernel or machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// More than one scheduling domain.
    SeveralDomains,
    /// A clock with an alarm.
    Timer,
    /// The benchmark system calls.
    BenchmarkCalls,
    /// More than one hart.
    SeveralHarts,
}

impl Need {
    /// Whether `machine` has it.
    #[must_use]
    pub const fn is_met_by(self, machine: &Machine) -> bool {
        match self {
            Self::SeveralDomains => machine.domains > 1,
            Self::Timer => machine.timer,
            Self::BenchmarkCalls => machine.benchmark_kernel,
            Self::SeveralHarts => machine.num_nodes > 1,
        }
    }

    /// What is missing, as a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SeveralDomains => "several_domains",
            Self::Timer => "timer",
            Self::BenchmarkCalls => "benchmark_calls",
            Self::SeveralHarts => "several_harts",
        }
    }
}

/// A test.
#[derive(Clone, Copy)]
pub struct Test {
    /// Its name, which is unique.
    pub name: &'static str,
    /// What it proves, in a few words.
    pub about: &'static str,
    /// Where it runs.
    pub kind: Kind,
    /// What it cannot do without, two things at most.
    pub needs: [Option<Need>; 2],
    /// The test.
    pub run: fn(&mut Env) -> Outcome,
}

/// A test that runs in a process of its own.
#[must_use]
pub const fn basic(name: &'static str, about: &'static str, run: fn(&mut Env) -> Outcome) -> Test {
    Test { name, about, kind: Kind::Basic, needs: [None; 2], run }
}

/// A test that runs in the driver.
#[must_use]
pub const fn bootstrap(name: &'static str, about: &'static str, run: fn(&mut Env) -> Outcome) -> Test {
    Test { name, about, kind: Kind::Bootstrap, needs: [None; 2], run }
}

impl Test {
    /// The same test, left out where `need` is not met.
    #[must_use]
    pub const fn needing(self, need: Need) -> Self {
        let [first, second] = self.needs;
        assert!(second.is_none(), "a test has at most two needs");
        Self { needs: [Some(need), first], ..self }
    }

    /// What it needs and `machine` does not have.
    #[must_use]
    pub fn missing(&self, machine: &Machine) -> Option<Need> {
        self.needs.into_iter().flatten().find(|need| !need.is_met_by(machine))
    }
}
