//! The exit codes of every command, documented for users in `docs/exit-codes.md`.

use std::process::ExitCode;

/// What a command came to. The discriminant is the process's exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Everything asked for was done and nothing measured was wrong.
    Done = 0,
    /// A measurement shows a failure or a regression: the system under test is at fault.
    Failed = 1,
    /// The measurements neither prove nor disprove the claim; measure more.
    Inconclusive = 2,
    /// The tooling or its environment failed, or was asked for something it cannot do: nothing was proved.
    Tooling = 3,
}

impl Exit {
    /// The graver of two: what the tooling could not do, else a failure, else what proves nothing.
    #[must_use]
    pub fn gravest(self, other: Self) -> Self {
        let gravity = [Self::Done, Self::Inconclusive, Self::Failed, Self::Tooling];
        let of = |exit: Self| gravity.iter().position(|other| *other == exit);
        if of(other) > of(self) { other } else { self }
    }

    /// The process's exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_documented_ones() {
        let codes = [Exit::Done, Exit::Failed, Exit::Inconclusive, Exit::Tooling].map(Exit::code);
        assert_eq!(codes, [0, 1, 2, 3]);
    }

    #[test]
    fn missing_cells_are_graver_than_a_failure_and_that_than_doubt() {
        let all = [Exit::Inconclusive, Exit::Done, Exit::Failed, Exit::Tooling];
        assert_eq!(all.into_iter().reduce(Exit::gravest), Some(Exit::Tooling));
        assert_eq!(Exit::Inconclusive.gravest(Exit::Failed), Exit::Failed);
        assert_eq!(Exit::Done.gravest(Exit::Inconclusive), Exit::Inconclusive);
    }
}
