//! What a record says.

use core::fmt;

/// The kind of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The first record of a boot: the workload's name, the ABI and every parameter it was given.
    Begin,
    /// A block of samples of one metric.
    Samples,
    /// Anything worth knowing that is not a sample.
    Note,
    /// A check in the guest that did not hold.
    Fail,
    /// The last record of a boot: its status and the number of records before it.
    End,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Begin, Self::Samples, Self::Note, Self::Fail, Self::End];

    /// The kind's name on the line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::Samples => "samples",
            Self::Note => "note",
            Self::Fail => "fail",
            Self::End => "end",
        }
    }

    /// The kind called `name`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How the workload says it went, in the `end` record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Everything was measured and every check held.
    Ok,
    /// A check failed or the workload could not go on.
    Failed,
}

impl Status {
    /// The status's name on the line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
        }
    }

    /// The status called `name`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Ok, Self::Failed].into_iter().find(|status| status.name() == name)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
