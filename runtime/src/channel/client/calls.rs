//! Calls that are out, and whom their answers wake.

use core::task::Waker;

use super::CallError;
use crate::channel::Message;
use crate::item::Item;

/// What goes with a request and comes back with its answer: the slot of the call in the low half, and in the high half how
/// often the slot was used before, so that a second answer finds nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CallId(pub(super) u64);

impl CallId {
    #[inline(always)]
    const fn slot(self) -> usize {
        self.0 as u32 as usize
    }

    /// The next call in the same slot.
    #[inline(always)]
    const fn next(self) -> Self {
        Self(self.0.wrapping_add(1 << u32::BITS))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Free,
    Outstanding,
    /// Outstanding, but nobody waits any more.
    Abandoned,
    Answered,
    /// Answered with what no item can carry.
    Malformed,
}

/// A call. Whole cache lines, so that it is found by a shift.
#[derive(Debug)]
#[repr(align(64))]
struct Slot {
    /// The call that is in the slot, or will be next.
    id: CallId,
    state: State,
    /// The answer of an answered call.
    answer: Message,
    /// Stays from call to call, because the next one is often of the same task.
    waker: Option<Waker>,
}

/// A slot for each call that may be out.
#[derive(Debug)]
pub(super) struct Calls<const CAPACITY: usize> {
    slots: [Slot; CAPACITY],
    /// The free slots are the first `free_count` of these.
    free: [u16; CAPACITY],
    free_count: usize,
}

impl<const CAPACITY: usize> Calls<CAPACITY> {
    pub(super) fn new() -> Self {
        const {
            assert!(CAPACITY <= 1 << 16, "slots are numbered in 16 bits");
            assert!(CAPACITY.is_power_of_two(), "slots are masked");
        }
        Self {
            slots: core::array::from_fn(|slot| Slot {
                id: CallId(slot as u64),
                state: State::Free,
                answer: Message::new(0, []),
                waker: None,
            }),
            // The lowest slot is taken first.
            free: core::array::from_fn(|index| (CAPACITY - 1 - index) as u16),
            free_count: CAPACITY,
        }
    }

    /// The call that would begin next; `None` if all slots are taken.
    #[inline(always)]
    pub(super) fn next(&self) -> Option<CallId> {
        let last = self.free_count.checked_sub(1)?;
        let slot = usize::from(self.free[last % CAPACITY]);
        Some(self.slots[slot % CAPACITY].id)
    }

    /// Begins the call that [`Calls::next`] has just told.
    #[inline(always)]
    pub(super) fn begin(&mut self, call: CallId) {
        self.free_count -= 1;
        self.slots[call.slot() % CAPACITY].state = State::Outstanding;
    }

    /// Takes in an answer and wakes the task that waits for it. False if there is no such call, it had its answer, or the
    /// answer is malformed.
    #[inline(always)]
    pub(super) fn complete(&mut self, item: &Item) -> bool {
        let call = CallId(item.task);
        let Some(slot) = self.slots.get_mut(call.slot()) else { return false };
        if slot.id != call {
            return false;
        }
        let answer = Message::from_item(item);
        match slot.state {
            State::Outstanding => {
                slot.state = State::Malformed;
                if let Some(answer) = answer {
                    slot.answer = answer;
                    slot.state = State::Answered;
                }
                if let Some(waker) = &slot.waker {
                    waker.wake_by_ref();
                }
            }
            State::Abandoned => self.end(call),
            State::Free | State::Answered | State::Malformed => return false,
        }
        answer.is_some()
    }

    /// Takes the answer, and frees the slot if there is one; else it will wake `waker`.
    #[inline(always)]
    pub(super) fn take(&mut self, call: CallId, waker: &Waker) -> Option<Result<Message, CallError>> {
        let slot = &mut self.slots[call.slot() % CAPACITY];
        let answer = match slot.state {
            State::Answered => Ok(slot.answer),
            State::Malformed => Err(CallError::Malformed),
            State::Free | State::Outstanding | State::Abandoned => {
                slot.wake_later(waker);
                return None;
            }
        };
        self.end(call);
        Some(answer)
    }

    /// Frees the slot of a call.
    #[inline(always)]
    fn end(&mut self, call: CallId) {
        let slot = &mut self.slots[call.slot() % CAPACITY];
        slot.state = State::Free;
        slot.id = call.next();
        self.free[self.free_count % CAPACITY] = call.slot() as u16;
        self.free_count += 1;
    }

    /// Nobody waits for the answer any more. The slot stays taken while the answer takes room in the ring.
    pub(super) fn abandon(&mut self, call: CallId) {
        let slot = &mut self.slots[call.slot() % CAPACITY];
        match slot.state {
            State::Answered | State::Malformed => self.end(call),
            State::Free | State::Outstanding | State::Abandoned => slot.state = State::Abandoned,
        }
    }
}

impl Slot {
    #[inline(always)]
    fn wake_later(&mut self, waker: &Waker) {
        match &mut self.waker {
            Some(known) => known.clone_from(waker),
            unknown => *unknown = Some(waker.clone()),
        }
    }
}
