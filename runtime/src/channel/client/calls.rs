//! Calls that are out, and whom their answers wake.

use core::task::Waker;

use super::CallError;
use crate::channel::Message;

/// What goes with a request and comes back with its answer: the slot of the call in the low half, and in the high half how
/// often the slot was used before, so that a second answer finds nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CallId(pub(super) u64);

impl CallId {
    #[inline(always)]
    const fn new(slot: usize, generation: u32) -> Self {
        Self((generation as u64) << 32 | slot as u64)
    }

    #[inline(always)]
    const fn slot(self) -> usize {
        self.0 as u32 as usize
    }
}

pub(super) enum Completion {
    Outstanding,
    Complete(Result<Message, CallError>),
}

#[derive(Clone, Copy, Debug)]
enum Progress {
    Free,
    Outstanding,
    /// Outstanding, but nobody waits any more.
    Abandoned,
    Answered(Result<Message, CallError>),
}

#[derive(Debug)]
struct Slot {
    generation: u32,
    progress: Progress,
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
        const { assert!(CAPACITY <= 1 << 16, "slots are numbered in 16 bits") };
        Self {
            slots: [const { Slot { generation: 0, progress: Progress::Free, waker: None } }; CAPACITY],
            // The lowest slot is taken first.
            free: core::array::from_fn(|index| (CAPACITY - 1 - index) as u16),
            free_count: CAPACITY,
        }
    }

    /// Begins a call whose answer wakes `waker`; `None` if all slots are taken.
    #[inline(always)]
    pub(super) fn begin(&mut self, waker: &Waker) -> Option<CallId> {
        self.free_count = self.free_count.checked_sub(1)?;
        let number = usize::from(self.free[self.free_count % CAPACITY]);
        let slot = &mut self.slots[number % CAPACITY];
        slot.progress = Progress::Outstanding;
        slot.wake_later(waker);
        Some(CallId::new(number, slot.generation))
    }

    /// Gives the call its answer and wakes its task. False if there is no such call, or it had its answer.
    #[inline(always)]
    pub(super) fn complete(&mut self, call: CallId, answer: Result<Message, CallError>) -> bool {
        let Some(slot) = self.slots.get_mut(call.slot()) else { return false };
        if CallId::new(call.slot(), slot.generation) != call {
            return false;
        }
        match slot.progress {
            Progress::Outstanding => {
                slot.progress = Progress::Answered(answer);
                if let Some(waker) = &slot.waker {
                    waker.wake_by_ref();
                }
                true
            }
            Progress::Abandoned => {
                self.end(call);
                true
            }
            Progress::Free | Progress::Answered(_) => false,
        }
    }

    /// Takes the answer, and frees the slot if there is one; else it will wake `waker`.
    #[inline(always)]
    pub(super) fn take(&mut self, call: CallId, waker: &Waker) -> Completion {
        let slot = &mut self.slots[call.slot()];
        if let Progress::Answered(answer) = slot.progress {
            self.end(call);
            return Completion::Complete(answer);
        }
        slot.wake_later(waker);
        Completion::Outstanding
    }

    /// Frees the slot of a call.
    #[inline(always)]
    pub(super) fn end(&mut self, call: CallId) {
        let slot = &mut self.slots[call.slot()];
        slot.progress = Progress::Free;
        slot.generation = slot.generation.wrapping_add(1);
        self.free[self.free_count] = call.slot() as u16;
        self.free_count += 1;
    }

    /// Nobody waits for the answer any more. The slot stays taken while the answer takes room in the ring.
    pub(super) fn abandon(&mut self, call: CallId) {
        match self.slots[call.slot()].progress {
            Progress::Answered(_) => self.end(call),
            _ => self.slots[call.slot()].progress = Progress::Abandoned,
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
