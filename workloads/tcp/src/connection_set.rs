//! Sets of connections, by their numbers.

use core::ops::{BitAnd, BitOrAssign};

use crate::layout::MAX_CONNECTIONS;

const _: () = assert!(MAX_CONNECTIONS <= u64::BITS as usize, "a word has a bit for each connection");

/// A set of numbers below [`MAX_CONNECTIONS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectionSet(u64);

impl ConnectionSet {
    /// No number.
    pub const EMPTY: Self = Self(0);

    /// `number` alone.
    #[must_use]
    pub const fn of(number: usize) -> Self {
        Self(1 << number)
    }

    /// All numbers below `count`, which is at most [`MAX_CONNECTIONS`].
    #[must_use]
    pub const fn below(count: usize) -> Self {
        Self(if count == 0 { 0 } else { u64::MAX >> (u64::BITS - count as u32) })
    }

    /// Puts `number` into it.
    #[inline]
    pub const fn insert(&mut self, number: usize) {
        self.0 |= Self::of(number).0;
    }

    /// Takes `number` out of it.
    #[inline]
    pub const fn remove(&mut self, number: usize) {
        self.0 &= !Self::of(number).0;
    }

    /// Whether there is no number in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl BitAnd for ConnectionSet {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOrAssign for ConnectionSet {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// Its numbers, in ascending order.
impl Iterator for ConnectionSet {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let first = (self.0 != 0).then_some(self.0.trailing_zeros() as usize)?;
        self.0 &= self.0 - 1;
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn it_has_what_was_put_in_and_not_taken_out_in_order() {
        let mut set = ConnectionSet::EMPTY;
        for number in [MAX_CONNECTIONS - 1, 5, 0, 5] {
            set.insert(number);
        }
        assert_eq!(set.collect::<Vec<_>>(), [0, 5, MAX_CONNECTIONS - 1]);
        set.remove(5);
        assert_eq!((set & ConnectionSet::below(6)).collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn all_below_a_count_are_as_many() {
        for count in [0, 1, MAX_CONNECTIONS] {
            assert_eq!(ConnectionSet::below(count).count(), count);
        }
    }
}
