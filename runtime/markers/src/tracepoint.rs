//! Where the stages of an operation begin.

/// A point at which a stage of an operation begins and the one before it ends. The first stage begins with the operation, the last one ends
/// with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tracepoint {
    /// From the instruction that traps until all registers are saved.
    Entry,
    /// What the trap is for.
    Decode,
    /// Capabilities, and what they name.
    Lookup,
    /// The message, and what both sides are to do from now on.
    Transfer,
    /// Who runs next.
    Schedule,
    /// Another thread's address space and processor state take the place of those before.
    Switch,
    /// Registers are restored, up to the first instruction of the thread that goes on.
    Exit,
}

impl Tracepoint {
    /// Every tracepoint, in the order in which a system call usually comes by.
    pub const ALL: [Self; 7] =
        [Self::Entry, Self::Decode, Self::Lookup, Self::Transfer, Self::Schedule, Self::Switch, Self::Exit];

    /// Its index among the markers of its role.
    #[must_use]
    pub const fn index(self) -> u32 {
        match self {
            Self::Entry => 1,
            Self::Decode => 2,
            Self::Lookup => 3,
            Self::Transfer => 4,
            Self::Schedule => 5,
            Self::Switch => 6,
            Self::Exit => 7,
        }
    }

    /// The tracepoint with this index.
    #[must_use]
    pub fn from_index(index: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|tracepoint| tracepoint.index() == index)
    }

    /// The name of the stage that begins there.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Decode => "decode",
            Self::Lookup => "lookup",
            Self::Transfer => "transfer",
            Self::Schedule => "schedule",
            Self::Switch => "switch",
            Self::Exit => "exit",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_tracepoints_share_an_index() {
        for tracepoint in Tracepoint::ALL {
            assert_eq!(Tracepoint::from_index(tracepoint.index()), Some(tracepoint));
        }
        assert_eq!(Tracepoint::from_index(0), None);
    }
}
