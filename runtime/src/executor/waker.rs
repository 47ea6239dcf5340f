//! Wakers without memory of their own: all they have to know is in a word.
//!
//! They may be cloned, kept and used at any time. Used by another thread than the executor's, one does not interrupt the
//! executor's sleep: that is what `remote` is for.

#![allow(
    unsafe_code,
    reason = "the standard library's interface to wakers is a table of functions on raw pointers"
)]

use core::mem::ManuallyDrop;
use core::ptr::{from_ref, without_provenance};
use core::task::{RawWaker, RawWakerVTable, Waker};

use super::file_queue;
use super::ready::{MAX_TASKS, ReadyQueue};

const _: () = assert!(align_of::<ReadyQueue>() == MAX_TASKS, "a slot fits below the alignment");

static OF_READY_QUEUE: RawWakerVTable = RawWakerVTable::new(clone_queued, wake_queued, wake_queued, drop);

/// The waker of the task in `slot` of `ready`: the address of the queue, with the slot in its low bits.
#[inline(always)]
pub(super) fn of_ready_queue(ready: &'static ReadyQueue, slot: usize) -> ManuallyDrop<Waker> {
    debug_assert!(slot < MAX_TASKS);
    let data = from_ref(ready).cast::<()>().map_addr(|address| address | (slot % MAX_TASKS));
    // SAFETY: the functions of the table
    // 1. get the data given here, or by `clone_queued` from such data: the address of a `ReadyQueue` that lives for ever, plus a slot
    //    below its alignment;
    // 2. only set a bit in it, atomically, so they may run on any thread;
    // 3. own nothing, so neither `clone_queued` nor `drop` has to keep count, and the waker need not be dropped.
    ManuallyDrop::new(unsafe { Waker::new(data, &OF_READY_QUEUE) })
}

unsafe fn clone_queued(data: *const ()) -> RawWaker {
    RawWaker::new(data, &OF_READY_QUEUE)
}

unsafe fn wake_queued(data: *const ()) {
    let slot = data.addr() % MAX_TASKS;
    let queue = data.map_addr(|address| address - slot).cast::<ReadyQueue>();
    // SAFETY: see `of_ready_queue`, 1: without the slot it is the address of a queue that lives for ever.
    let queue = unsafe { &*queue };
    queue.wake(slot);
}

static OF_FILE: RawWakerVTable = RawWakerVTable::new(clone_filed, wake_filed, wake_filed, drop);

/// The waker of the task in `slot` of the thread that uses it: the slot alone, since a thread has one interrupt file.
#[inline(always)]
pub(super) fn of_file(slot: usize) -> ManuallyDrop<Waker> {
    // SAFETY: the functions of the table
    // 1. take the data for a number and read no memory through it;
    // 2. only raise an identity in the file of the thread that they run on, which is one instruction's effect, so they may run on any;
    // 3. own nothing, so neither `clone_filed` nor `drop` has to keep count, and the waker need not be dropped.
    ManuallyDrop::new(unsafe { Waker::new(without_provenance(slot), &OF_FILE) })
}

unsafe fn clone_filed(data: *const ()) -> RawWaker {
    RawWaker::new(data, &OF_FILE)
}

unsafe fn wake_filed(data: *const ()) {
    file_queue::raise(data.addr());
}

unsafe fn drop(_: *const ()) {}
