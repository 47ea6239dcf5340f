//! Scheduling domains: a fixed cyclic schedule of which domain may run for how many ticks.

use core::cell::Cell;

use crate::config::{NUM_DOMAIN_SCHEDULES, NUM_DOMAINS};

/// Durations have 56 bits.
pub const MAX_DURATION_TICKS: u64 = (1 << 56) - 1;

/// An entry of the schedule; domain 0 for 0 ticks ends it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The domain that may run.
    pub domain: u8,
    /// For how long.
    pub duration_ticks: u64,
}

impl Entry {
    const END: Self = Self { domain: 0, duration_ticks: 0 };
}

impl Default for DomainSchedule {
    fn default() -> Self {
        Self::new()
    }
}

/// The schedule and where in it the system is.
pub struct DomainSchedule {
    entries: [Cell<Entry>; NUM_DOMAIN_SCHEDULES],
    start: Cell<usize>,
    index: Cell<usize>,
    current: Cell<u8>,
    ticks_left: Cell<u64>,
}

impl DomainSchedule {
    /// Domain 0 runs for ever.
    pub fn new() -> Self {
        let schedule = Self {
            entries: [const { Cell::new(Entry::END) }; NUM_DOMAIN_SCHEDULES],
            start: Cell::new(0),
            index: Cell::new(0),
            current: Cell::new(0),
            ticks_left: Cell::new(MAX_DURATION_TICKS),
        };
        schedule.configure(0, Entry { domain: 0, duration_ticks: MAX_DURATION_TICKS });
        schedule
    }

    /// The domain that may run.
    #[inline(always)]
    pub fn current(&self) -> u8 {
        if NUM_DOMAINS == 1 { 0 } else { self.current.get() }
    }

    /// Charges one tick; true if it was the last of the current entry.
    pub fn tick_is_last(&self) -> bool {
        let left = self.ticks_left.get().saturating_sub(1);
        self.ticks_left.set(left);
        left == 0
    }

    /// Whether the current entry's time is over.
    #[inline(always)]
    pub fn is_over(&self) -> bool {
        self.ticks_left.get() == 0
    }

    /// Goes on to the next entry if the current one's time is over.
    #[inline(always)]
    pub fn advance_if_over(&self) {
        if self.is_over() {
            let next = self.index.get() + 1;
            let is_end = next >= NUM_DOMAIN_SCHEDULES || self.entries[next].get() == Entry::END;
            self.enter(if is_end { self.start.get() } else { next });
        }
    }

    fn enter(&self, index: usize) {
        let entry = self.entries[index].get();
        self.index.set(index);
        self.current.set(entry.domain);
        self.ticks_left.set(entry.duration_ticks);
    }

    /// Replaces an entry; takes effect when it is next entered.
    pub fn configure(&self, index: usize, entry: Entry) {
        self.entries[index].set(entry);
    }

    /// Whether the entry ends the schedule.
    pub fn is_end(&self, index: usize) -> bool {
        self.entries[index].get() == Entry::END
    }

    /// The entry that the schedule starts over from.
    pub fn start(&self) -> usize {
        self.start.get()
    }

    /// Starts over from `index`, at once: the rest of the current entry is dropped.
    pub fn set_start(&self, index: usize) {
        self.start.set(index);
        self.index.set(NUM_DOMAIN_SCHEDULES - 1);
        self.ticks_left.set(0);
    }
}
