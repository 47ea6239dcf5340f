//! Wakers without memory of their own: the address of the ready queue with the slot in its low bits.

#![allow(
    unsafe_code,
    reason = "the standard library's interface to wakers is a table of functions on raw pointers"
)]

use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::from_ref;
use core::task::{RawWaker, RawWakerVTable, Waker};

use super::ready::{MAX_TASKS, ReadyQueue};

const _: () = assert!(align_of::<ReadyQueue>() == MAX_TASKS, "a slot fits below the alignment");

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, drop);

/// The waker of the task in `slot`. It may be cloned, kept and used anywhere and at any time. Used by another thread it
/// makes the task ready but does not interrupt the executor's sleep: that is what `remote` is for.
#[inline(always)]
pub(super) fn of_task(ready: &'static ReadyQueue, slot: usize) -> impl Deref<Target = Waker> {
    debug_assert!(slot < MAX_TASKS);
    let data = from_ref(ready).cast::<()>().map_addr(|address| address | (slot % MAX_TASKS));
    // SAFETY: the functions of the table
    // 1. get the data given here, or by `clone` from such data: the address of a `ReadyQueue` that lives for ever, plus a slot
    //    below its alignment;
    // 2. only set a bit in it, atomically, so they may run on any thread;
    // 3. own nothing, so neither `clone` nor `drop` has to keep count, and the waker need not be dropped.
    ManuallyDrop::new(unsafe { Waker::new(data, &VTABLE) })
}

unsafe fn clone(data: *const ()) -> RawWaker {
    RawWaker::new(data, &VTABLE)
}

unsafe fn wake(data: *const ()) {
    let slot = data.addr() % MAX_TASKS;
    let queue = data.map_addr(|address| address - slot).cast::<ReadyQueue>();
    // SAFETY: see `of_task`, 1: without the slot it is the address of a queue that lives for ever.
    let queue = unsafe { &*queue };
    queue.wake(slot);
}

unsafe fn drop(_: *const ()) {}
