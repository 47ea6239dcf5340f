//! The protocol stacks' clock.

use smoltcp::time::Instant;

/// The time since the machine was turned on.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    ticks: fn() -> u64,
    ticks_per_us: u64,
}

impl Clock {
    /// A clock that reads its counter by `ticks`, which makes so many ticks a microsecond, at least one.
    #[must_use]
    pub const fn new(ticks: fn() -> u64, ticks_per_us: u64) -> Self {
        Self { ticks, ticks_per_us: if ticks_per_us == 0 { 1 } else { ticks_per_us } }
    }

    /// Now.
    #[must_use]
    pub fn now(self) -> Instant {
        Instant::from_micros(((self.ticks)() / self.ticks_per_us) as i64)
    }
}
