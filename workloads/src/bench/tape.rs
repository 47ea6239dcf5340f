//! Where the threads of a play write the counter down.
//!
//! A play repeats a cycle of windows. Each window has a row of counters as it was opened and a row as it was closed; the one who opens
//! a window and the one who closes it each write their own row.

use core::sync::atomic::{AtomicU64, Ordering};

use super::counter::Counter;

/// The most windows in a cycle.
pub(super) const MAX_WINDOWS: usize = 2;

/// What all threads of a play know, and the rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tape<'a> {
    readable: &'a AtomicU64,
    cycles: &'a AtomicU64,
    progress: &'a AtomicU64,
    rows: &'a [AtomicU64],
}

impl<'a> Tape<'a> {
    /// Words for plays of at most `cycles` cycles.
    pub(super) const fn words(cycles: u64) -> usize {
        3 + 2 * MAX_WINDOWS * cycles as usize
    }

    /// The tape in `words`, which are at least three.
    pub(super) fn new(words: &'a [AtomicU64]) -> Self {
        let [readable, cycles, progress, rows @ ..] = words else {
            panic!("the tape has no room for its head")
        };
        Self { readable, cycles, progress, rows }
    }

    /// Starts a play of `cycles` cycles: every row is zero, and has been written to.
    pub(super) fn rewind(&self, counter: Counter, cycles: u64) {
        self.readable.store(counter.word(), Ordering::Relaxed);
        self.cycles.store(cycles, Ordering::Relaxed);
        self.progress.store(0, Ordering::Relaxed);
        self.rows.iter().for_each(|word| word.store(0, Ordering::Relaxed));
    }

    /// How the counter is read.
    pub(super) fn counter(&self) -> Counter {
        Counter::from_word(self.readable.load(Ordering::Relaxed))
    }

    /// How often the cycle is repeated.
    pub(super) fn cycles(&self) -> u64 {
        self.cycles.load(Ordering::Relaxed)
    }

    /// Writes down the counter as `window` was opened in `cycle`. Beyond the last cycle nothing is written.
    pub(super) fn opened(&self, window: usize, cycle: u64, counter: u64) {
        self.put(2 * window, cycle, counter);
    }

    /// Writes down the counter as `window` was closed in `cycle`.
    pub(super) fn closed(&self, window: usize, cycle: u64, counter: u64) {
        self.put(2 * window + 1, cycle, counter);
    }

    /// Tells that this many cycles are complete.
    pub(super) fn set_progress(&self, cycles: u64) {
        self.progress.store(cycles, Ordering::Release);
    }

    /// How many cycles are complete, as far as was told.
    pub(super) fn progress(&self) -> u64 {
        self.progress.load(Ordering::Acquire)
    }

    /// What was counted in `window` in `cycle`.
    pub(super) fn length(&self, window: usize, cycle: u64) -> u64 {
        self.get(2 * window + 1, cycle).wrapping_sub(self.get(2 * window, cycle))
    }

    fn slot(&self, row: usize, cycle: u64) -> Option<&'a AtomicU64> {
        let row_length = self.rows.len() / (2 * MAX_WINDOWS);
        self.rows.chunks(row_length).nth(row)?.get(cycle as usize)
    }

    fn put(&self, row: usize, cycle: u64, value: u64) {
        if let Some(word) = self.slot(row, cycle) {
            word.store(value, Ordering::Relaxed);
        }
    }

    fn get(&self, row: usize, cycle: u64) -> u64 {
        self.slot(row, cycle).map_or(0, |word| word.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CYCLES: u64 = 3;

    #[test]
    fn a_window_is_as_long_as_its_two_ends_are_apart() {
        let words = [const { AtomicU64::new(0) }; Tape::words(CYCLES)];
        let tape = Tape::new(&words);
        for window in 0..MAX_WINDOWS {
            for cycle in 0..CYCLES {
                tape.opened(window, cycle, 1000 * cycle);
                tape.closed(window, cycle, 1000 * cycle + cycle + window as u64);
            }
        }
        for window in 0..MAX_WINDOWS {
            for cycle in 0..CYCLES {
                assert_eq!(tape.length(window, cycle), cycle + window as u64);
            }
        }
    }

    #[test]
    fn what_is_written_beyond_the_last_cycle_is_dropped() {
        let words = [const { AtomicU64::new(0) }; Tape::words(CYCLES)];
        let tape = Tape::new(&words);
        tape.closed(MAX_WINDOWS - 1, CYCLES, 7);
        tape.closed(0, CYCLES, 7);
        assert!(words.iter().all(|word| word.load(Ordering::Relaxed) == 0));
    }

    #[test]
    fn a_rewound_tape_is_blank_and_knows_its_play() {
        let words = [const { AtomicU64::new(9) }; Tape::words(CYCLES)];
        let tape = Tape::new(&words);
        tape.rewind(Counter::UNREADABLE, 2);
        assert_eq!((tape.counter(), tape.cycles()), (Counter::UNREADABLE, 2));
        assert_eq!((0..CYCLES).map(|cycle| tape.length(1, cycle)).sum::<u64>(), 0);
    }
}
