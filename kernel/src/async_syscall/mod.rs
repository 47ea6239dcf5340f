//! Asynchronous system calls: a thread shares a pair of rings with the kernel, which carries out what it finds there in the thread's name.
//!
//! # Registration
//!
//! The thread's TCB holds derived capabilities to the rings' frame and to the notification for completions ([`Tcb`](crate::object::Tcb)), as it
//! does to its IPC buffer. So whatever takes one of them away (revocation, the thread's deletion) ends the registration, in any
//! order: [`RingState::rings`] looks at both slots, before the first request and after every request that could have changed them.
//!
//! # Who executes
//!
//! The requests of a thread are carried out first thing when that thread enters its hart's kernel ([`serve_current`]): on its own time, with its
//! own priority. Between two requests lies a preemption point: when an interrupt waits, a thread of higher priority was woken, or the thread
//! itself is gone, the rest waits, and the trap is taken again when the thread runs next.
//!
//! Executing a request is what a trap would do (`syscall::request`), but for its message: that is the private copy ([`request`]).

pub mod memory;
pub mod request;
mod ring_state;

use crate::arch;
use crate::irq;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::Tcb;
use crate::object::ThreadState;
use crate::sched;
use crate::syscall;

use memory::RingMemory;
use request::Request;
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

/// Carries out the requests of a thread until there are none, or something more urgent comes up; then tells the thread, if it sleeps.
fn serve(k: &Kernel, thread: Obj<Tcb>) -> Served {
    let state = &thread.ring;
    let mut served = Served::Drained;
    let mut unpublished = false;
    while let Some(rings) = thread.rings() {
        let (requests, completions) = (rings.requests(), rings.completions());
        let (consumed, produced) = (state.consumed.get(), state.produced.get());
        if !completions.has_room(produced) {
            break;
        }
        let waiting = requests.waiting(consumed);
        let Some(request) = Request::copy(&requests, consumed, waiting) else { break };
        let Ok(info) = syscall::request::perform(k, thread, &request) else {
            served = Served::Interrupted;
            break;
        };
        // The request may have taken the rings away, or the thread.
        let Some(rings) = thread.rings() else { return served };
        rings.completions().store(produced, request.completion(info));
        state.produced.set(produced.wrapping_add(1));
        state.consumed.set(consumed.wrapping_add(request.items));
        publish(rings, state);
        unpublished = true;
        if is_interrupted(k) {
            served = Served::Interrupted;
            break;
        }
    }
    if unpublished {
        notify(k, thread);
    }
    served
}

fn publish(rings: RingMemory, state: &RingState) {
    rings.completions().publish_produced(state.produced.get());
    rings.requests().publish_consumed(state.consumed.get());
}

/// The preemption point between two requests.
fn is_interrupted(k: &Kernel) -> bool {
    !k.current().is_runnable() || arch::interrupt_pending(k) || sched::is_overtaken(k)
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
