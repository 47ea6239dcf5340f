//! Random numbers.

/// A cheap, repeatable source of numbers (Marsaglia, "Xorshift RNGs", 2003).
#[derive(Debug)]
pub(super) struct Numbers(u64);

impl Numbers {
    /// Numbers that depend on `seed` alone.
    pub(super) const fn new(seed: u64) -> Self {
        // The state must not be zero, and close seeds should not give close numbers.
        Self((seed.wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `bound`, which is not 0.
    pub(super) const fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
