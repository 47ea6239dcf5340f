//! What a client sends.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

/// The bytes that a client sends over one connection: the same in every run, and unlike those of any other, so that a byte that is
/// lost, doubled or out of place is found.
#[derive(Debug)]
pub(super) struct Payload(ChaCha8Rng);

impl Payload {
    /// The bytes of connection number `session` of client number `client`.
    pub(super) fn of(client: u32, session: u32) -> Self {
        Self(ChaCha8Rng::seed_from_u64(u64::from(client) << 32 | u64::from(session)))
    }

    /// Fills `message` with those that follow.
    pub(super) fn fill(&mut self, message: &mut [u8]) {
        self.0.fill_bytes(message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_has_the_same_bytes_in_every_run_and_no_other_has_them() {
        let message = |client, session| {
            let mut message = [0; 64];
            Payload::of(client, session).fill(&mut message);
            message
        };
        assert_eq!(message(1, 2), message(1, 2));
        assert_ne!(message(1, 2), message(2, 1));
        assert_ne!(message(0, 0), message(0, 1));
    }
}
