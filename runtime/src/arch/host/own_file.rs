//! An interrupt file for each thread of a test, with all identities enabled.

use std::cell::Cell;

std::thread_local! {
    /// What is pending.
    static OWN_FILE: Cell<[u64; 4]> = const { Cell::new([0; 4]) };
}

/// Takes the lowest pending identity; 0 if there is none.
#[must_use]
pub fn claim_identity() -> u64 {
    let identity = pending_identity();
    let mut file = OWN_FILE.get();
    file[identity as usize / 64] &= !(1 << (identity % 64));
    OWN_FILE.set(file);
    identity
}

/// The lowest pending identity, which stays pending; 0 if there is none.
#[must_use]
pub fn pending_identity() -> u64 {
    let file = OWN_FILE.get();
    let is_pending = |identity: &u64| file[*identity as usize / 64] >> (identity % 64) & 1 == 1;
    (1..256).find(is_pending).unwrap_or(0)
}

/// Raises `identity` in the thread's own file.
pub fn raise_own_identity(identity: u64) {
    let mut file = OWN_FILE.get();
    file[identity as usize / 64 % 4] |= 1 << (identity % 64);
    OWN_FILE.set(file);
}
