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
}

impl Need {
    /// Whether `machine` has it.
    #[must_use]
    pub const fn is_met_by(self, machine: &Machine) -> bool {
        match self {
            Self::SeveralDomains => machine.domains > 1,
            Self::Timer => machine.timer,
        }
    }

    /// What is missing, as a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SeveralDomains => "several_domains",
            Self::Timer => "timer",
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
    /// What it cannot do without.
    pub need: Option<Need>,
    /// The test.
    pub run: fn(&mut Env) -> Outcome,
}

/// A test that runs in a process of its own.
#[must_use]
pub const fn basic(name: &'static str, about: &'static str, run: fn(&mut Env) -> Outcome) -> Test {
    Test { name, about, kind: Kind::Basic, need: None, run }
}

/// A test that runs in the driver.
#[must_use]
pub const fn bootstrap(name: &'static str, about: &'static str, run: fn(&mut Env) -> Outcome) -> Test {
    Test { name, about, kind: Kind::Bootstrap, need: None, run }
}

impl Test {
    /// The same test, left out where `need` is not met.
    #[must_use]
    pub const fn needing(self, need: Need) -> Self {
        Self { need: Some(need), ..self }
    }
}
