//! Why a kernel was entered, where the instruction that was interrupted does not show it.

/// An interrupt that a kernel takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// The timer.
    Timer,
    /// Another hart.
    OtherHart,
    /// A device.
    Device,
    /// An identity pending in the interrupt file of a program that is not running.
    InterruptFile,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 4] = [Self::Timer, Self::OtherHart, Self::Device, Self::InterruptFile];

    /// Its index among the markers of its role.
    #[must_use]
    pub const fn index(self) -> u32 {
        match self {
            Self::Timer => 1,
            Self::OtherHart => 2,
            Self::Device => 3,
            Self::InterruptFile => 4,
        }
    }

    /// The cause with this index.
    #[must_use]
    pub fn from_index(index: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.index() == index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_causes_share_an_index() {
        for cause in Cause::ALL {
            assert_eq!(Cause::from_index(cause.index()), Some(cause));
        }
        assert_eq!(Cause::from_index(0), None);
    }
}
