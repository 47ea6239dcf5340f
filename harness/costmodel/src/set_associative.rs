//! A set-associative cache of line numbers with least-recently-used replacement.

/// What an access found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// The line was there.
    Hit,
    /// The line was not there; it is now.
    Miss,
}

/// Number of bytes in a line, of every cache.
pub const LINE_BYTES: u64 = 64;

/// No line has this number: addresses have fewer bits.
const EMPTY: u64 = u64::MAX;

/// The lines that a cache holds. A line's number is its physical address divided by [`LINE_BYTES`].
#[derive(Debug)]
pub struct SetAssociative {
    ways: usize,
    set_mask: u64,
    /// The sets one after the other; in each, the most recently used line first.
    lines: Box<[u64]>,
}

impl SetAssociative {
    /// An empty cache of `bytes` bytes; none where `bytes` is 0.
    ///
    /// # Panics
    ///
    /// The number of sets is not a power of two.
    #[must_use]
    pub fn new(bytes: u64, ways: u64) -> Option<Self> {
        if bytes == 0 {
            return None;
        }
        let sets = bytes / LINE_BYTES / ways;
        assert!(sets.is_power_of_two(), "{bytes} bytes in {ways} ways make {sets} sets");
        let lines = vec![EMPTY; usize::try_from(sets * ways).expect("a cache fits in memory")];
        let ways = usize::try_from(ways).expect("a cache fits in memory");
        Some(Self { ways, set_mask: sets - 1, lines: lines.into_boxed_slice() })
    }

    /// Uses `line`, bringing it in where it is missing.
    #[inline]
    pub fn access(&mut self, line: u64) -> Lookup {
        let first = (line & self.set_mask) as usize * self.ways;
        let set = &mut self.lines[first..first + self.ways];
        if set[0] == line { Lookup::Hit } else { use_in_set(set, line) }
    }

    /// Forgets every line.
    pub fn flush(&mut self) {
        self.lines.fill(EMPTY);
    }
}

/// Moves `line` to the front of `set`, in the place of the last one where it is missing.
pub(crate) fn use_in_set(set: &mut [u64], line: u64) -> Lookup {
    let found = set.iter().position(|&held| held == line);
    let place = found.unwrap_or(set.len() - 1);
    set.copy_within(..place, 1);
    set[0] = line;
    if found.is_some() { Lookup::Hit } else { Lookup::Miss }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn misses(cache: &mut SetAssociative, lines: impl IntoIterator<Item = u64>) -> usize {
        lines.into_iter().filter(|&line| cache.access(line) == Lookup::Miss).count()
    }

    #[test]
    fn a_sweep_that_fits_misses_once_a_line() {
        let mut cache = SetAssociative::new(4096, 4).expect("not empty");
        assert_eq!(misses(&mut cache, 0..64), 64);
        assert_eq!(misses(&mut cache, 0..64), 0);
    }

    #[test]
    fn a_sweep_of_twice_the_size_misses_every_time() {
        let mut cache = SetAssociative::new(4096, 4).expect("not empty");
        assert_eq!(misses(&mut cache, (0..128).chain(0..128)), 256);
    }

    #[test]
    fn the_line_used_least_recently_makes_room() {
        let mut cache = SetAssociative::new(256, 4).expect("not empty");
        assert_eq!(misses(&mut cache, [1, 2, 3, 4, 1, 5]), 5);
        assert_eq!(cache.access(2), Lookup::Miss);
        assert_eq!(cache.access(1), Lookup::Hit);
    }

    #[test]
    fn a_flush_empties_every_set() {
        let mut cache = SetAssociative::new(4096, 4).expect("not empty");
        misses(&mut cache, 0..64);
        cache.flush();
        assert_eq!(misses(&mut cache, 0..64), 64);
    }

    #[test]
    fn no_bytes_are_no_cache() {
        assert!(SetAssociative::new(0, 0).is_none());
    }

    proptest! {
        /// Against the definition: a line hits if fewer than `ways` other lines of its set were used since its last use.
        #[test]
        fn a_line_hits_while_few_others_of_its_set_came_after(trace in prop::collection::vec(0_u64..64, 0..400)) {
            let (ways, sets) = (4, 4);
            let mut cache = SetAssociative::new(ways * sets * LINE_BYTES, ways).expect("not empty");
            for (now, &line) in trace.iter().enumerate() {
                let expected = trace[..now].iter().rposition(|&earlier| earlier == line).is_some_and(|last| {
                    let mut others: Vec<_> = trace[last + 1..now].iter().filter(|&&o| o % sets == line % sets).collect();
                    others.sort_unstable();
                    others.dedup();
                    (others.len() as u64) < ways
                });
                prop_assert_eq!(cache.access(line) == Lookup::Hit, expected);
            }
        }
    }
}
