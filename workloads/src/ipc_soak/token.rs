//! What a call carries.

/// The id of call number `number`: no two calls of a run have the same, and neighbours have nothing in common (the finalizer of
/// splitmix64, which is a bijection).
pub(super) const fn token(seed: u64, number: u64) -> u64 {
    let mut word = seed.wrapping_add(number);
    word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

/// The answer to a call with `token`.
pub(super) const fn answer(token: u64) -> u64 {
    !token
}
