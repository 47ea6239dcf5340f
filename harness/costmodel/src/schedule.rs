//! When a hart's slice ends, by the clock by which harts take turns.
//!
//! The clock counts instructions or cycles; what follows holds for both.

/// What the emulator is to do after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Slice {
    /// The hart runs on.
    Continue,
    /// The next hart's turn.
    End,
}

impl Slice {
    /// End, if either says so.
    pub fn or(self, other: Self) -> Self {
        if self == Self::End { self } else { other }
    }
}

/// How far a hart runs ahead of idle harts before they are looked at: an idle hart has no clock of its own,
/// and a device may have woken it.
const IDLE_POLL: u64 = 5_000;

/// How far a hart that is alone runs before its emulator is looked at. Nothing in the guest depends on it.
const ALONE: u64 = 1 << 24;

/// What the schedule knows of another hart.
#[derive(Clone, Copy, Debug)]
pub struct Other {
    /// Its clock.
    pub clock: u64,
    /// Whether it waits for an interrupt.
    pub idle: bool,
}

/// The clock at which the slice of a hart that is at `clock` ends, given the other harts.
pub fn slice_end(clock: u64, others: impl Iterator<Item = Other>, lead: u64) -> u64 {
    others
        .map(|other| if other.idle { clock.saturating_add(IDLE_POLL) } else { other.clock })
        .min()
        .map_or(clock.saturating_add(ALONE), |slowest| slowest.saturating_add(lead))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(clock: u64) -> Other {
        Other { clock, idle: false }
    }

    #[test]
    fn a_hart_alone_runs_for_long() {
        assert_eq!(slice_end(7, [].into_iter(), 100), 7 + ALONE);
    }

    #[test]
    fn a_hart_may_lead_the_slowest() {
        assert_eq!(slice_end(1_000, [running(900), running(2_000)].into_iter(), 50), 950);
    }

    #[test]
    fn idle_harts_are_looked_at_now_and_then() {
        let idle = Other { clock: 0, idle: true };
        assert_eq!(slice_end(1_000, [idle].into_iter(), 50), 1_000 + IDLE_POLL + 50);
        assert_eq!(slice_end(1_000, [idle, running(1_100)].into_iter(), 50), 1_150);
    }
}
