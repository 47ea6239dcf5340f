//! The names of what is marked.

/// Something that begins and ends, and whose cost is of interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// A batch of round trips of an IPC workload.
    RoundTrip,
    /// The same measurement around nothing.
    Overhead,
    /// An operation of the microbenchmarks, the overhead of measuring it included.
    Operation,
    /// What has to be done once before somebody can be notified.
    Registration,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 4] = [Self::RoundTrip, Self::Overhead, Self::Operation, Self::Registration];

    /// Its index among the markers of one role.
    #[must_use]
    pub const fn index(self) -> u32 {
        match self {
            Self::RoundTrip => 1,
            Self::Overhead => 2,
            Self::Operation => 3,
            Self::Registration => 4,
        }
    }

    /// The stage with this index.
    #[must_use]
    pub fn from_index(index: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.index() == index)
    }

    /// Its name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RoundTrip => "round_trip",
            Self::Overhead => "overhead",
            Self::Operation => "operation",
            Self::Registration => "registration",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_stages_share_an_index() {
        for stage in Stage::ALL {
            assert_eq!(Stage::from_index(stage.index()), Some(stage));
        }
        assert_eq!(Stage::from_index(0), None);
    }
}
