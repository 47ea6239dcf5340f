//! A machine in software for host tests: interrupt files are bit sets behind a lock.

#![allow(dead_code, reason = "compiled into each test, and not each uses all of it")]

use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use rel4_runtime::interrupt::{Identity, Interrupts, Notify};

/// How long a thread may sleep before the test fails: nothing here takes nearly as long.
const DEADLOCK: Duration = Duration::from_secs(10);

#[derive(Default)]
struct State {
    /// Bit *i* of word *w*: identity 64 *w* + *i* is pending.
    pending: Mutex<[u64; 4]>,
    raised: Condvar,
}

/// The interrupt file of a thread, all identities enabled.
#[derive(Clone, Default)]
pub(crate) struct InterruptFile(Arc<State>);

impl InterruptFile {
    /// What a sender page of the file is to whoever maps it.
    pub(crate) fn sender(&self, identity: u64) -> Sender {
        Sender { file: self.clone(), identity: Identity::new(identity).expect("an identity") }
    }

    fn pending(&self) -> MutexGuard<'_, [u64; 4]> {
        self.0.pending.lock().expect("nobody panics with the lock held")
    }
}

impl Interrupts for InterruptFile {
    fn claim(&self) -> Option<Identity> {
        let mut pending = self.pending();
        let (word, bits) = pending.iter_mut().enumerate().find(|(_, bits)| **bits != 0)?;
        let bit = bits.trailing_zeros();
        *bits &= *bits - 1;
        Identity::new(word as u64 * 64 + u64::from(bit))
    }

    fn wait(&self) -> u64 {
        let asleep = |pending: &mut [u64; 4]| *pending == [0; 4];
        let (mut pending, timeout) =
            self.0.raised.wait_timeout_while(self.pending(), DEADLOCK, asleep).expect("as in `pending`");
        assert!(!timeout.timed_out(), "deadlock: nothing was raised while the thread slept");
        std::mem::take(&mut pending[0])
    }

    fn poll(&self) -> u64 {
        std::mem::take(&mut self.pending()[0])
    }
}

#[derive(Clone)]
pub(crate) struct Sender {
    file: InterruptFile,
    identity: Identity,
}

impl Notify for Sender {
    fn notify(&self) {
        let number = self.identity.number() as usize;
        self.file.pending()[number / 64] |= 1 << (number % 64);
        self.file.0.raised.notify_one();
    }
}

/// A cheap, repeatable source of numbers.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
