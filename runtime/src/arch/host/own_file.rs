//! An interrupt file for each thread of a test, with all identities enabled.

use std::cell::Cell;

std::thread_local! {
    /// What is pending.
    static OWN_FILE: Cell<[u64; 4]> = const { Cell::new([0; 4]) };
    /// What a peer raises again as soon as it was taken.
    static STORM: Cell<Option<u64>> = const { Cell::new(None) };
}

/// From now on a peer raises `identity` again as soon as it was taken.
pub(crate) fn begin_storm(identity: u64) {
    STORM.set(Some(identity));
    raise_own_identity(identity);
}

/// Takes the lowest pending identity; 0 if there is none.
#[must_use]
pub fn claim_identity() -> u64 {
    let identity = pending_identity();
    let mut file = OWN_FILE.get();
    file[identity as usize / 64] &= !(1 << (identity % 64));
    OWN_FILE.set(file);
    STORM.get().into_iter().for_each(raise_own_identity);
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

/// Takes the pending identities of the ready queue, as bits of words.
#[must_use]
pub fn take_queue_identities() -> [u64; 3] {
    let [word, queue @ ..] = OWN_FILE.get();
    OWN_FILE.set([word, 0, 0, 0]);
    STORM.get().into_iter().for_each(raise_own_identity);
    queue
}
