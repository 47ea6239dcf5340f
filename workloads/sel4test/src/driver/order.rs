//! Which tests run, in which order.

use crate::test::Test;

/// Tests that a list can have.
const CAPACITY: usize = 512;

/// A list of tests, by their numbers among all.
#[derive(Clone, Copy)]
pub(super) struct Order {
    /// Only the first `length` count.
    tests: [u16; CAPACITY],
    length: usize,
}

impl Order {
    /// Those of `all` that `keep` keeps, in the order of seL4's driver: by kind, then by name.
    ///
    /// # Panics
    ///
    /// If there are more than a list can have.
    #[must_use]
    pub(super) fn new(all: &[&Test], keep: impl Fn(&Test) -> bool) -> Self {
        let mut order = Self { tests: [0; CAPACITY], length: 0 };
        for (index, _) in all.iter().enumerate().filter(|(_, test)| keep(test)) {
            order.tests[order.length] = index as u16;
            order.length += 1;
        }
        order.tests[..order.length].sort_unstable_by_key(|&index| {
            let test = all[usize::from(index)];
            (test.kind, test.name)
        });
        order
    }

    /// The tests in the order of round `round`: shuffled, unless `seed` is 0.
    #[must_use]
    pub(super) fn of_round(&self, seed: u64, round: u64) -> Self {
        let mut order = *self;
        if seed != 0 {
            let mut random = SplitMix64 { state: seed.wrapping_add(round << 32) };
            for last in (1..order.length).rev() {
                let chosen = random.next() % (last as u64 + 1);
                order.tests.swap(last, chosen as usize);
            }
        }
        order
    }

    /// The numbers, in order.
    #[must_use]
    pub(super) fn numbers(&self) -> impl ExactSizeIterator<Item = usize> {
        self.tests[..self.length].iter().map(|&test| usize::from(test))
    }
}

/// Steele, Lea, Flood: Fast splittable pseudorandom number generators (OOPSLA 2014).
struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::test::{basic, bootstrap};

    const ALL: &[&Test] = &[
        &basic("IPC0002", "", |_| Ok(())),
        &bootstrap("SYSCALL0001", "", |_| Ok(())),
        &basic("BIND0001", "", |_| Ok(())),
        &bootstrap("SYSCALL0000", "", |_| Ok(())),
        &basic("IPC0001", "", |_| Ok(())),
    ];

    fn names(order: &Order) -> Vec<&str> {
        order.numbers().map(|index| ALL[index].name).collect()
    }

    #[test]
    fn bootstrap_tests_come_first_and_names_in_ascending_order() {
        let order = Order::new(ALL, |_| true);
        assert_eq!(names(&order), ["SYSCALL0000", "SYSCALL0001", "BIND0001", "IPC0001", "IPC0002"]);
        let some = Order::new(ALL, |test| test.name.starts_with("IPC"));
        assert_eq!(names(&some), ["IPC0001", "IPC0002"]);
    }

    #[test]
    fn a_shuffle_keeps_every_test_and_depends_on_seed_and_round_only() {
        let order = Order::new(ALL, |_| true);
        let (once, again) = (order.of_round(7, 3), order.of_round(7, 3));
        let mut shuffled = names(&once);
        assert_eq!(names(&again), shuffled);
        assert!((0..20).any(|round| names(&order.of_round(7, round)) != names(&order)));
        assert_eq!(names(&order.of_round(0, 3)), names(&order));
        shuffled.sort_unstable();
        let mut all = names(&order);
        all.sort_unstable();
        assert_eq!(shuffled, all);
    }
}
