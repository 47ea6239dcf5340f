//! The names of single events.

/// Something that happens at one point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Event {
    /// A load generator sent a message, or received the answer to one: its log says which.
    Message,
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 1] = [Self::Message];

    /// Its index among the markers of its role.
    #[must_use]
    pub const fn index(self) -> u32 {
        match self {
            Self::Message => 1,
        }
    }

    /// The event with this index.
    #[must_use]
    pub fn from_index(index: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.index() == index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_events_share_an_index() {
        for event in Event::ALL {
            assert_eq!(Event::from_index(event.index()), Some(event));
        }
        assert_eq!(Event::from_index(0), None);
    }
}
