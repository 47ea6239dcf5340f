//! Asynchronous system calls: a thread shares a pair of rings with the kernel, which carries out what it finds there in the thread's name.
//!
//! # Registration
//!
//! The thread's TCB holds derived capabilities to the rings' frame and to the notification for completions ([`Tcb`](crate::object::Tcb)), as it
//! does to its IPC buffer. So whatever takes one of them away (revocation, the thread's deletion) ends the registration, in any
//! order: [`Rings`] looks at both slots, before the first request and after every one that may have emptied a slot.
//!
//! # Who executes
//!
//! The requests of a thread are carried out first thing when that thread enters its hart's kernel ([`serve_current`]): on its own time, with its
//! own priority. Before that, another hart does it that idles or runs a thread of lower priority, if the thread rings its doorbell ([`doorbell`]).
//! Between two requests lies a preemption point: when an interrupt waits, a thread of higher priority was woken, or the thread
//! itself is gone, the rest waits, and the trap is taken again when the thread runs next.
//!
//! Executing a request is what a trap would do (`syscall::request`), but for its message: that is the private copy ([`request`]).

mod doorbell;
pub mod memory;
pub mod request;
mod ring_state;

use crate::arch;
use crate::config::MAX_HARTS;
use crate::irq;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::Tcb;
use crate::object::ThreadState;
use crate::remote;
use crate::sched;
use crate::syscall;
use crate::syscall::request::{Done, Reach};

pub use doorbell::{Doorbells, answer, follow, priority_changed, tick};
use request::Request;
use ring_state::Rings;
pub use ring_state::{RingState, Source, forget, register, unregister};

/// How far a ring was served.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Served {
    /// Everything that can be done is done.
    Drained,
    /// Something more urgent came up.
    Interrupted,
}

/// What becomes of the trap in which a ring was served.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trap {
    /// It is handled now.
    Goes,
    /// It is over: the thread is gone, or will take it again.
    Ends,
}

/// Whether requests of the thread wait. Cheap for a thread without rings.
#[inline(always)]
pub fn has_requests(thread: Obj<Tcb>) -> bool {
    thread.ring.is_registered() && look(thread)
}

#[inline(never)]
fn look(thread: Obj<Tcb>) -> bool {
    thread.rings().is_some_and(|rings| rings.requests().waiting(thread.ring.consumed.get()) != 0)
}

/// Carries out the requests of the current thread, which has just trapped.
#[inline(always)]
pub fn serve_current(k: &Kernel) -> Trap {
    if has_requests(k.current()) { serve_trapped(k) } else { Trap::Goes }
}

#[inline(never)]
fn serve_trapped(k: &Kernel) -> Trap {
    let thread = k.current();
    // Whoever stops the thread meanwhile finds it before the instruction that trapped.
    thread.set_state_only(ThreadState::Restart);
    let served = serve(k, thread);
    if thread.state() != ThreadState::Restart {
        return Trap::Ends;
    }
    match served {
        Served::Drained => {
            thread.set_state_only(ThreadState::Running);
            Trap::Goes
        }
        Served::Interrupted => {
            irq::handle(k);
            Trap::Ends
        }
    }
}

/// Requests whose completions the thread sees together.
const BATCH: u64 = 64;

/// Carries out the requests of a thread until there are none, or something more urgent comes up; then tells the thread, if it sleeps.
fn serve(k: &Kernel, thread: Obj<Tcb>) -> Served {
    let mut any = false;
    let served = loop {
        let (count, end) = serve_batch(k, thread);
        any |= count != 0;
        match end {
            End::Full => {}
            End::Empty if is_drained(thread) => break Served::Drained,
            End::Empty => {}
            End::Stuck => {
                // The thread makes room without a word.
                ask_to_ring(thread);
                break Served::Drained;
            }
            End::Interrupted => {
                // It may have been the last request, and then nobody comes back to ask for this.
                ask_to_ring(thread);
                break Served::Interrupted;
            }
        }
        // Also when there was nothing to carry out: a thread that writes half a request and takes it back must not keep this hart here.
        if k.lock.is_contended() || is_interrupted(k) {
            break Served::Interrupted;
        }
    };
    if any {
        if MAX_HARTS > 1 {
            doorbell::excuse_one_ring(k, thread);
        }
        notify(k, thread);
    }
    served
}

/// Why a batch has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    /// It has as many requests as it may.
    Full,
    /// There are no more requests.
    Empty,
    /// There is no room for completions, or there are no rings any more.
    Stuck,
    /// Something more urgent came up.
    Interrupted,
}

/// Carries out a batch of requests, and lets the thread see their completions. Returns how many there were.
fn serve_batch(k: &Kernel, thread: Obj<Tcb>) -> (u64, End) {
    let Some(rings) = Rings::of(thread) else { return (0, End::Stuck) };
    let (requests, completions) = (rings.memory.requests(), rings.memory.completions());
    let state = &thread.ring;
    let (mut consumed, mut produced) = (state.consumed.get(), state.produced.get());
    let mut waiting = requests.waiting(consumed);
    let room = completions.room(produced);
    let mut count = 0;
    let mut request = Request::empty();
    remote::defer_flushes(k);
    let end = loop {
        if count == BATCH {
            break End::Full;
        }
        if !request.load(&requests, consumed, waiting) {
            break End::Empty;
        }
        if count == room {
            break End::Stuck;
        }
        let outcome = syscall::request::perform(k, thread, &request);
        // A request that was preempted may have done this part of its work.
        let reach = outcome.map_or(Reach::Capabilities, |done| done.reach);
        if reach == Reach::Capabilities && !rings.are_those_of(thread) {
            // The request took them away, or the thread: nothing more is written there.
            remote::finish_flushes(k);
            // With them it may have taken the thread that runs here, and then no other request may give its memory another use.
            let is_last = outcome.is_err() || is_current_gone(k);
            return (0, if is_last { End::Interrupted } else { End::Stuck });
        }
        let Ok(Done { info, .. }) = outcome else { break End::Interrupted };
        completions.store(produced, request.task(), info, request.answer());
        produced = produced.wrapping_add(1);
        consumed = consumed.wrapping_add(request.items);
        waiting -= request.items;
        count += 1;
        if reach == Reach::Capabilities && is_current_gone(k) || is_interrupted(k) {
            break End::Interrupted;
        }
    };
    // Nobody may see that a page is gone while another hart still translates to it.
    remote::finish_flushes(k);
    state.consumed.set(consumed);
    state.produced.set(produced);
    completions.publish_produced(produced);
    requests.publish_consumed(consumed);
    (count, end)
}

/// Has the thread ring for its next request, where there is another hart to ring for.
fn ask_to_ring(thread: Obj<Tcb>) {
    if MAX_HARTS > 1
        && let Some(rings) = thread.rings()
    {
        rings.requests().announce_asleep();
    }
}

/// Has the thread ring for its next request, where it can; then looks once more. True if there is none.
fn is_drained(thread: Obj<Tcb>) -> bool {
    if MAX_HARTS == 1 {
        return true;
    }
    ask_to_ring(thread);
    let Some(rings) = thread.rings() else { return true };
    let waiting = rings.requests().waiting(thread.ring.consumed.get());
    !Request::empty().load(&rings.requests(), thread.ring.consumed.get(), waiting)
}

/// Whether the request has ended the thread that runs here.
fn is_current_gone(k: &Kernel) -> bool {
    !k.current().is_runnable() && k.current() != k.hart().idle()
}

/// The preemption point between two requests.
#[inline(always)]
fn is_interrupted(k: &Kernel) -> bool {
    arch::interrupt_pending(k) || sched::is_overtaken(k)
}

/// Signals the thread's notification if the thread has announced that it sleeps.
fn notify(k: &Kernel, thread: Obj<Tcb>) {
    if let Some(rings) = thread.rings()
        && rings.completions().flip_to_awake()
        && let Some(cap) = thread.ring_notification_slot().raw().as_notification()
    {
        cap.notification.signal(k, cap.badge);
    }
}
