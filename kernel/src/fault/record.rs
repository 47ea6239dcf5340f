//! The handler is a notification and a record in a frame, registered for the thread; the fault is written into the record and signalled.
//!
//! The thread keeps copies of both capabilities in its own slots, as it does of its IPC buffer's: they keep the objects alive, and revoking
//! an original takes them away. With one of them gone nobody is registered. The kernel writes through its own window, so it does not matter
//! where, or whether, the frame is mapped.

use core::cell::Cell;

use rel4_abi::fault_record::{FaultRecord, RECORD_BYTES};

use super::Fault;
use crate::cap::slot::Slot;
use crate::cap::{Cap, FrameCap, NotificationCap, delete, derivation};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::tcb::MESSAGE_SLOTS;
use crate::object::{RecordRef, Tcb, ThreadState};
use crate::preempt::Preempted;
use crate::vm::VmRights;

/// Who is told of a thread's faults, apart from the capabilities, which are in slots of the thread.
#[derive(Default, PartialEq, Eq)]
pub struct FaultHandler {
    /// Number of the record in its frame.
    index: Cell<u64>,
    /// The handler's own word for the thread.
    thread: Cell<u64>,
    /// Faults since the registration.
    count: Cell<u64>,
}

impl FaultHandler {
    /// The address of an endpoint's capability, as in seL4. It names nothing in this kernel, so nothing comes of it.
    pub fn set_address(&self, _cptr: u64) {}
}

/// A capability and the slot that it was derived from.
pub struct Derived {
    /// The capability.
    pub cap: Cap,
    /// Where its original is.
    pub source: Obj<Slot>,
}

impl Obj<Tcb> {
    /// The notification that is signalled when the thread faults.
    pub fn fault_notification(self) -> Obj<Slot> {
        Tcb::slot(self, MESSAGE_SLOTS[0])
    }

    /// The frame of the record of the thread's faults.
    pub fn fault_frame(self) -> Obj<Slot> {
        Tcb::slot(self, MESSAGE_SLOTS[1])
    }
}

/// Number of records that a frame has room for; `None` if the kernel may not write there.
pub fn capacity(frame: &FrameCap) -> Option<u64> {
    (!frame.device && frame.rights == VmRights::ReadWrite).then(|| frame.size.bytes() / RECORD_BYTES)
}

/// Registers a notification and record number `index` of a frame, which has one, for the faults of `thread`.
pub fn set_handler(
    k: &Kernel,
    thread: Obj<Tcb>,
    notification: &Derived,
    frame: &Derived,
    index: u64,
    word: u64,
) -> Result<(), Preempted> {
    clear_handler(k, thread)?;
    derivation::insert(notification.cap, notification.source, thread.fault_notification());
    derivation::insert(frame.cap, frame.source, thread.fault_frame());
    thread.fault_handler.index.set(index);
    thread.fault_handler.thread.set(word);
    thread.fault_handler.count.set(0);
    Ok(())
}

/// Nobody is told of the faults of `thread` any more. The notification's capability may be the last one, and threads may wait there.
pub fn clear_handler(k: &Kernel, thread: Obj<Tcb>) -> Result<(), Preempted> {
    delete::delete(k, thread.fault_notification())?;
    delete::delete(k, thread.fault_frame())
}

/// Why nobody could be told of a fault.
#[derive(Clone, Copy, Debug)]
pub(super) enum Undelivered {
    /// Nobody is registered, or no more.
    NoHandler,
}

pub(super) fn deliver(k: &Kernel, thread: Obj<Tcb>, fault: Fault) -> Result<(), Undelivered> {
    let (notification, record) = registered(thread).ok_or(Undelivered::NoHandler)?;
    let FaultHandler { thread: word, count, .. } = &thread.fault_handler;
    count.set(count.get().wrapping_add(1));
    record.write(&FaultRecord::new(count.get(), word.get(), notification.badge, fault.message(thread)));
    thread.fault.set(Some(fault));
    notification.notification.signal(k, notification.badge);
    thread.set_state(k, ThreadState::BlockedOnReply);
    Ok(())
}

fn registered(thread: Obj<Tcb>) -> Option<(NotificationCap, RecordRef)> {
    let notification = thread.fault_notification().raw().as_notification()?;
    let frame = thread.fault_frame().raw().as_frame()?;
    Some((notification, RecordRef::in_frame(&frame, thread.fault_handler.index.get())?))
}
