//! What a server computes for a request besides answering it: its load, the same for every kind of IPC.

use core::hint::black_box;
use core::ops::RangeInclusive;

/// The parameter that says how many turns.
pub(crate) const WORK: &str = "work";
/// Its values.
pub(crate) const TURNS: RangeInclusive<u64> = 0..=1_000_000;

/// Computes for `turns` turns: steps of a generator of random numbers (xorshift64), each of which needs the one before. Nothing is read or
/// written meanwhile.
#[inline(never)]
pub(crate) fn compute(turns: u64) {
    let mut state = black_box(1_u64);
    for _ in 0..turns {
        state = step(state);
    }
    black_box(state);
}

#[inline(always)]
const fn step(state: u64) -> u64 {
    let state = state ^ (state << 13);
    let state = state ^ (state >> 7);
    state ^ (state << 17)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_turn_is_without_effect() {
        let mut state = 1;
        for _ in 0..10_000 {
            let next = step(state);
            assert!(next != state && next != 0 && next != 1, "{state:#x}");
            state = next;
        }
    }
}
