//! What a TCB knows of the thread's rings, and how it comes to have some.

use core::cell::Cell;

use rel4_abi::CapRights;

use super::doorbell;
use super::memory::RingMemory;
use crate::cap::slot::Slot;
use crate::cap::{Cap, RawCap, delete, derivation};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::Tcb;
use crate::preempt::Preempted;

/// The rings of a thread, beside the two capabilities in its TCB. Zeroed memory is a thread without rings.
#[derive(Default)]
pub struct RingState {
    /// Items in each ring; 0 if the thread has none.
    capacity: Cell<u64>,
    /// Items taken from the ring of requests.
    pub(super) consumed: Cell<u64>,
    /// Items put into the ring of completions.
    pub(super) produced: Cell<u64>,
}

impl RingState {
    /// Whether rings were registered. They may be gone meanwhile.
    #[inline(always)]
    pub fn is_registered(&self) -> bool {
        self.capacity.get() != 0
    }
}

impl Obj<Tcb> {
    /// Whether there is anything to unregister, be it what is left of rings whose capabilities were taken away.
    pub(crate) fn holds_rings(self) -> bool {
        self.ring.is_registered()
            || !self.ring_frame_slot().is_empty()
            || !self.ring_notification_slot().is_empty()
    }

    /// The thread's rings, if it has some and both their capabilities are still there.
    #[inline(always)]
    pub(crate) fn rings(self) -> Option<RingMemory> {
        let capacity = self.ring.capacity.get();
        if capacity == 0 {
            return None;
        }
        let notification = self.ring_notification_slot().raw().as_notification()?;
        if !notification.rights.contains(CapRights::WRITE) {
            return None;
        }
        RingMemory::in_frame(&self.ring_frame_slot().raw().as_frame()?, capacity)
    }
}

/// The rings of a thread for as long as both their capabilities stay what they are.
pub(super) struct Rings {
    pub(super) memory: RingMemory,
    capacity: u64,
    caps: [RawCap; 2],
}

impl Rings {
    pub(super) fn of(thread: Obj<Tcb>) -> Option<Self> {
        let memory = thread.rings()?;
        Some(Self { memory, capacity: thread.ring.capacity.get(), caps: Self::caps(thread) })
    }

    fn caps(thread: Obj<Tcb>) -> [RawCap; 2] {
        [thread.ring_frame_slot().raw(), thread.ring_notification_slot().raw()]
    }

    /// Whether the thread, which may be dying but whose memory has no other use yet, still has these rings.
    #[inline(always)]
    pub(super) fn are_those_of(&self, thread: Obj<Tcb>) -> bool {
        self.capacity == thread.ring.capacity.get() && self.caps == Self::caps(thread)
    }
}

/// A capability to be kept in a TCB, and the slot that it comes from.
#[derive(Clone, Copy)]
pub struct Source {
    /// The capability, derived.
    pub cap: Cap,
    /// Where its original is.
    pub slot: Obj<Slot>,
}

/// Gives a thread rings of `capacity` items in `frame`, which was checked with [`RingMemory::in_frame`]. Any that it had were
/// [`unregister`]ed. `None` if too many threads have rings.
pub fn register(
    k: &Kernel,
    thread: Obj<Tcb>,
    capacity: u64,
    frame: Source,
    notification: Source,
) -> Option<()> {
    doorbell::add(k, thread)?;
    derivation::insert(frame.cap, frame.slot, thread.ring_frame_slot());
    derivation::insert(notification.cap, notification.slot, thread.ring_notification_slot());
    let state = &thread.ring;
    state.consumed.set(0);
    state.produced.set(0);
    state.capacity.set(capacity);
    if let Some(rings) = thread.rings() {
        rings.requests().announce_asleep();
    }
    Some(())
}

/// Takes no more requests from a thread.
pub fn unregister(k: &Kernel, thread: Obj<Tcb>) -> Result<(), Preempted> {
    forget(k, thread);
    delete::delete(k, thread.ring_frame_slot())?;
    delete::delete(k, thread.ring_notification_slot())
}

/// Takes no more requests from a thread that is being deleted; its capabilities go as all of its others do.
pub fn forget(k: &Kernel, thread: Obj<Tcb>) {
    if thread.ring.capacity.replace(0) != 0 {
        doorbell::remove(k, thread);
    }
}
