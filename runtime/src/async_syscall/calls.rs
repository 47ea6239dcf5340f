//! Calls under way: a slot for each, which keeps the answer until somebody takes it.
//!
//! The number of the slot goes with the request and comes back with its completion. The kernel answers each request once, so no more is
//! needed to tell whose answer it is. Somebody else who writes to the rings can give this thread's own calls wrong answers, no more.

use core::cell::Cell;
use core::fmt;
use core::task::Waker;

use rel4_abi::{InvocationError, error, invocation_error};

use crate::error::Error;

/// The words that explain a refusal.
pub(super) type Words = [u64; invocation_error::MAX_WORDS];

/// The slot of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call(u16);

impl Call {
    /// What goes with the request.
    #[inline(always)]
    pub(super) const fn task(self) -> u64 {
        self.0 as u64
    }
}

#[derive(Clone, Copy, Debug)]
enum State {
    Free,
    Underway,
    /// Under way, but nobody waits any more.
    Abandoned,
    Answered,
}

#[repr(align(32))]
struct Slot {
    state: Cell<State>,
    /// The free slot behind this one, if this one is free; [`Calls::NONE`] if there is none.
    next_free: Cell<u16>,
    /// Label of the answer of an answered call.
    label: Cell<u64>,
    /// Who waits for the answer.
    waiter: Cell<Option<Waker>>,
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("state", &self.state).field("label", &self.label).finish_non_exhaustive()
    }
}

/// The slots.
#[derive(Debug)]
pub(super) struct Calls<const CAPACITY: usize> {
    slots: [Slot; CAPACITY],
    /// Why answered calls were refused. Apart, because few are.
    refusals: [Cell<Words>; CAPACITY],
    first_free: Cell<u16>,
}

impl<const CAPACITY: usize> Calls<CAPACITY> {
    /// The number of no slot.
    const NONE: u16 = {
        assert!(CAPACITY < u16::MAX as usize, "slots are numbered in 16 bits");
        CAPACITY as u16
    };

    pub(super) fn new() -> Self {
        Self {
            slots: core::array::from_fn(|slot| Slot {
                state: Cell::new(State::Free),
                next_free: Cell::new(slot as u16 + 1),
                label: Cell::new(error::NO_ERROR),
                waiter: Cell::new(None),
            }),
            refusals: core::array::from_fn(|_| Cell::new([0; _])),
            first_free: Cell::new(0),
        }
    }

    /// The slot that the next call takes; `None` if all are taken.
    #[inline(always)]
    pub(super) fn next(&self) -> Option<Call> {
        let first = self.first_free.get();
        (first != Self::NONE).then_some(Call(first))
    }

    /// Begins the call that [`Calls::next`] has just told.
    #[inline(always)]
    pub(super) fn begin(&self, call: Call) {
        let slot = self.slot(call);
        self.first_free.set(slot.next_free.get());
        slot.state.set(State::Underway);
    }

    /// Takes in an answer, and wakes who waits for it; `words` are looked at only if it is a refusal. False if there is no such call.
    #[inline(always)]
    pub(super) fn complete(&self, task: u64, label: u64, words: impl FnOnce() -> Words) -> bool {
        let Some(slot) = self.slots.get(task as usize) else { return false };
        let call = Call(task as u16);
        match slot.state.get() {
            State::Underway => {
                slot.state.set(State::Answered);
                slot.label.set(label);
                if label != error::NO_ERROR {
                    self.refusals[usize::from(call.0) % CAPACITY].set(words());
                }
                if let Some(waiter) = slot.waiter.take() {
                    waiter.wake();
                }
            }
            State::Abandoned => self.end(call),
            State::Free | State::Answered => return false,
        }
        true
    }

    /// Takes the answer, and frees the slot if there is one; else it will wake `waker`.
    #[inline(always)]
    pub(super) fn take(&self, call: Call, waker: &Waker) -> Option<Result<(), Error>> {
        let slot = self.slot(call);
        if !matches!(slot.state.get(), State::Answered) {
            slot.waiter.set(Some(waker.clone()));
            return None;
        }
        self.end(call);
        let label = slot.label.get();
        Some(if label == error::NO_ERROR { Ok(()) } else { Err(self.refusal(call, label)) })
    }

    #[cold]
    fn refusal(&self, call: Call, label: u64) -> Error {
        let words = self.refusals[usize::from(call.0) % CAPACITY].get();
        InvocationError::decode(label, words).map_or(Error::UnknownAnswer { label }, Error::Refused)
    }

    /// Nobody waits for the answer any more. The slot stays taken while the answer takes room in the ring.
    pub(super) fn abandon(&self, call: Call) {
        let slot = self.slot(call);
        slot.waiter.set(None);
        match slot.state.get() {
            State::Answered => self.end(call),
            State::Free | State::Underway | State::Abandoned => slot.state.set(State::Abandoned),
        }
    }

    #[inline(always)]
    fn slot(&self, call: Call) -> &Slot {
        &self.slots[usize::from(call.0) % CAPACITY]
    }

    #[inline(always)]
    fn end(&self, call: Call) {
        let slot = self.slot(call);
        slot.state.set(State::Free);
        slot.next_free.set(self.first_free.replace(call.0));
    }
}
