//! What one end of a channel did.

/// Counters of one end since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Items sent.
    pub sent: u64,
    /// Items taken.
    pub received: u64,
    /// Notifications sent.
    pub notifications: u64,
    /// What the peer did that an honest one does not: impossible indexes, malformed items, answers to no call, calls beyond
    /// the room for their answers.
    pub violations: u64,
}

impl Statistics {
    /// Items that needed no notification, because the peer was awake or one was on its way.
    #[must_use]
    pub const fn suppressed(&self) -> u64 {
        self.sent.saturating_sub(self.notifications)
    }
}
