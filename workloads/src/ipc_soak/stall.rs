//! Stalls, and a dispatcher that idles now so and now so.

use core::cell::RefCell;

use rel4_runtime::interrupt::{Identity, Interrupts};

use super::numbers::Numbers;
use crate::pair::{Idle, Idler};

/// Stalls now and then: for a moment, for the time of a few calls, or until the peer has surely gone to sleep.
pub(super) fn stall(numbers: &mut Numbers) {
    let steps = match numbers.below(4096) {
        0 => 20_000 + numbers.below(20_000),
        1..64 => numbers.below(2_000),
        64..512 => numbers.below(100),
        _ => return,
    };
    for step in 0..steps {
        core::hint::black_box(step);
    }
}

/// Blocks mostly, and now and then goes on working with interrupts unmasked.
pub(super) struct Restless<'n> {
    idler: Idler,
    numbers: &'n RefCell<Numbers>,
    /// Of so many times it works once; never if 0.
    works_in: u64,
}

impl<'n> Restless<'n> {
    pub(super) const fn new(idler: Idler, numbers: &'n RefCell<Numbers>, works_in: u64) -> Self {
        Self { idler, numbers, works_in }
    }

    /// Times the thread waited in the kernel.
    pub(super) fn waits(&self) -> u64 {
        self.idler.waits()
    }
}

impl Interrupts for Restless<'_> {
    fn claim(&self) -> Option<Identity> {
        self.idler.claim()
    }

    fn wait(&self) -> u64 {
        let works = self.works_in != 0 && self.numbers.borrow_mut().below(self.works_in) == 0;
        self.idler.wait_by(if works { Idle::Work } else { Idle::Block })
    }

    fn poll(&self) -> u64 {
        self.idler.poll()
    }
}
