//! The scheduler: fixed priorities, round-robin within one, domains above them.
//!
//! System calls never switch threads themselves. They leave a note, the [`Action`], and [`schedule`] acts on it once at the end of
//! each kernel entry. The rules are seL4's, observable through the order in which equal threads run.

mod priority_set;

use core::cell::Cell;

use crate::arch;
use crate::config::{MAX_HARTS, NUM_DOMAINS, TIME_SLICE_TICKS};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::{Tcb, ThreadState};
use crate::trace::tracepoint;
use crate::vm;

use priority_set::PrioritySet;

const PRIORITIES: usize = rel4_abi::sched::NUM_PRIORITIES as usize;

/// What the scheduler has to do at the end of the kernel entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Go on with the current thread.
    Keep,
    /// Find the thread to run.
    Choose,
    /// Run this thread unless the current one or a queued one goes before it.
    Candidate(Obj<Tcb>),
}

/// The runnable threads of one hart that are not current: a queue per domain and priority, and the set of those that are not empty.
pub struct ReadyQueues {
    domains: [DomainQueues; NUM_DOMAINS],
}

#[repr(C)]
struct DomainQueues {
    occupied: PrioritySet,
    queues: [Queue; PRIORITIES],
}

struct Queue {
    head: Cell<Option<Obj<Tcb>>>,
    tail: Cell<Option<Obj<Tcb>>>,
}

impl DomainQueues {
    const fn empty() -> Self {
        Self {
            occupied: PrioritySet::empty(),
            queues: [const { Queue { head: Cell::new(None), tail: Cell::new(None) } }; PRIORITIES],
        }
    }
}

impl ReadyQueues {
    /// No thread is ready.
    pub const fn empty() -> Self {
        Self { domains: [const { DomainQueues::empty() }; NUM_DOMAINS] }
    }

    fn domain(&self, domain: u8) -> &DomainQueues {
        // With one domain the index is known, and no bounds check remains.
        &self.domains[if NUM_DOMAINS == 1 { 0 } else { usize::from(domain) }]
    }

    /// Puts a thread before all others of its priority, unless it is queued already.
    #[inline]
    pub fn push_front(&self, thread: Obj<Tcb>) {
        if !thread.queued.replace(true) {
            self.link_front(thread);
        }
    }

    #[inline(always)]
    fn link_front(&self, thread: Obj<Tcb>) {
        let (domain, priority) = (self.domain(thread.domain.get()), thread.priority.get());
        let queue = &domain.queues[usize::from(priority)];
        let head = queue.head.replace(Some(thread));
        thread.ready_links.previous.set(None);
        thread.ready_links.next.set(head);
        match head {
            Some(head) => head.ready_links.previous.set(Some(thread)),
            None => {
                queue.tail.set(Some(thread));
                domain.occupied.insert(priority);
            }
        }
    }

    /// Puts a thread behind all others of its priority, unless it is queued already.
    #[inline]
    pub fn push_back(&self, thread: Obj<Tcb>) {
        if !thread.queued.replace(true) {
            self.link_back(thread);
        }
    }

    #[inline(always)]
    fn link_back(&self, thread: Obj<Tcb>) {
        let (domain, priority) = (self.domain(thread.domain.get()), thread.priority.get());
        let queue = &domain.queues[usize::from(priority)];
        let tail = queue.tail.replace(Some(thread));
        thread.ready_links.previous.set(tail);
        thread.ready_links.next.set(None);
        match tail {
            Some(tail) => tail.ready_links.next.set(Some(thread)),
            None => {
                queue.head.set(Some(thread));
                domain.occupied.insert(priority);
            }
        }
    }

    /// Takes a thread out, if it is queued. Its domain and priority must be those that it was queued with.
    #[inline]
    pub fn remove(&self, thread: Obj<Tcb>) {
        if !thread.queued.replace(false) {
            return;
        }
        let (domain, priority) = (self.domain(thread.domain.get()), thread.priority.get());
        let queue = &domain.queues[usize::from(priority)];
        let (previous, next) = (thread.ready_links.previous.get(), thread.ready_links.next.get());
        match previous {
            Some(previous) => previous.ready_links.next.set(next),
            None => queue.head.set(next),
        }
        match next {
            Some(next) => next.ready_links.previous.set(previous),
            None => queue.tail.set(previous),
        }
        if queue.head.get().is_none() {
            domain.occupied.remove(priority);
        }
    }

    /// Takes a thread out that is the head of its queue.
    #[cfg(feature = "uintr")]
    #[inline(always)]
    fn unlink_head(&self, Next { thread, priority }: Next) {
        thread.queued.set(false);
        let domain = self.domain(thread.domain.get());
        let queue = &domain.queues[usize::from(priority)];
        let next = thread.ready_links.next.get();
        queue.head.set(next);
        match next {
            Some(next) => next.ready_links.previous.set(None),
            None => {
                queue.tail.set(None);
                domain.occupied.remove(priority);
            }
        }
    }

    /// Visits all queued threads.
    #[cfg(test)]
    pub(crate) fn for_each(&self, visit: &mut impl FnMut(Obj<Tcb>)) {
        for queue in self.domains.iter().flat_map(|domain| &domain.queues) {
            let mut next = queue.head.get();
            while let Some(thread) = next {
                visit(thread);
                next = thread.ready_links.next.get();
            }
        }
    }

    fn first(&self, domain: u8) -> Option<Obj<Tcb>> {
        let domain = self.domain(domain);
        domain.queues[usize::from(domain.occupied.highest()?)].head.get()
    }

    /// Whether a queued thread of the domain has a higher priority.
    fn has_above(&self, domain: u8, priority: u8) -> bool {
        self.domain(domain).occupied.has_above(priority)
    }
}

/// Called after every change of a thread's state.
#[inline(always)]
pub fn state_changed(k: &Kernel, thread: Obj<Tcb>) {
    let hart = k.hart();
    if hart.action.get() == Action::Keep && hart.current.get() == thread && !thread.is_runnable() {
        reschedule_required(k);
    }
}

/// Makes the scheduler choose; a candidate so far becomes one among the queued.
pub fn reschedule_required(k: &Kernel) {
    let hart = k.hart();
    if let Action::Candidate(candidate) = hart.action.replace(Action::Choose) {
        hart.ready.push_front(candidate);
    }
}

/// Puts a thread before its equals among the ready ones of its hart. Another hart is told if the thread goes before what it runs.
#[inline]
pub fn enqueue(k: &Kernel, thread: Obj<Tcb>) {
    let home = k.home(thread);
    home.ready.push_front(thread);
    if MAX_HARTS > 1 && !core::ptr::eq(home, k.hart()) {
        let current = home.current.get();
        if current == home.idle() || current.priority.get() < thread.priority.get() {
            arch::send_ipi(k, thread.affinity());
        }
    }
}

/// Whether the thread may run here and now: on this hart, in the current domain.
#[inline(always)]
fn is_eligible(k: &Kernel, thread: Obj<Tcb>) -> bool {
    (NUM_DOMAINS == 1 || thread.domain.get() == k.domains.current())
        && (MAX_HARTS == 1 || thread.affinity() == arch::hart_index())
}

/// A thread became runnable: it runs next if it goes before the current one.
#[inline]
pub fn possible_switch_to(k: &Kernel, thread: Obj<Tcb>) {
    tracepoint!(Schedule);
    let hart = k.hart();
    if !is_eligible(k, thread) {
        enqueue(k, thread);
    } else if hart.action.get() != Action::Keep {
        reschedule_required(k);
        hart.ready.push_front(thread);
    } else {
        hart.action.set(Action::Candidate(thread));
    }
}

/// Whether the note that the kernel entry has left so far may take the hart from the current thread.
#[cfg(feature = "async-syscall")]
pub fn is_overtaken(k: &Kernel) -> bool {
    let hart = k.hart();
    match hart.action.get() {
        Action::Keep => false,
        Action::Candidate(candidate) => candidate.priority.get() > hart.current.get().priority.get(),
        Action::Choose => true,
    }
}

/// Acts on the note that the kernel entry left: afterwards the current thread is the one to run.
#[inline]
pub fn schedule(k: &Kernel) {
    tracepoint!(Schedule);
    let hart = k.hart();
    let action = hart.action.get();
    if action == Action::Keep {
        return;
    }
    hart.action.set(Action::Keep);
    let current = hart.current.get();
    let moved_away = MAX_HARTS > 1 && current != hart.idle() && current.affinity() != arch::hart_index();
    let current_goes_on = current.is_runnable() && !moved_away;
    match action {
        Action::Candidate(candidate) if current_goes_on => compete(k, current, candidate),
        Action::Candidate(candidate) => succeed(k, current, candidate),
        _ => {
            if current_goes_on {
                hart.ready.push_front(current);
            }
            choose(k);
        }
    }
}

/// The current thread goes on, unless the candidate goes before it.
#[inline]
fn compete(k: &Kernel, current: Obj<Tcb>, candidate: Obj<Tcb>) {
    let ready = &k.hart().ready;
    let (old, new) = (current.priority.get(), candidate.priority.get());
    if new > old {
        ready.push_front(current);
        return switch_to(k, candidate);
    }
    if new == old {
        ready.push_back(candidate);
    } else {
        ready.push_front(candidate);
    }
    // With one hart and one domain no queued thread goes before the current one. Otherwise another hart may have queued one, whose
    // interrupt is to come, or one may have been moved into this domain, which does not preempt.
    if (MAX_HARTS > 1 || NUM_DOMAINS > 1) && ready.has_above(k.domains.current(), old) {
        ready.push_front(current);
        choose(k);
    }
}

/// Whether a blocked thread that becomes runnable, as all that happens in this kernel entry, may run here and now, and nobody else may go
/// before the current one: then [`preempt`] or [`admit`] does what [`possible_switch_to`] and [`schedule`] would do.
#[cfg(feature = "uintr")]
#[inline(always)]
pub fn can_admit(k: &Kernel, thread: Obj<Tcb>) -> bool {
    let hart = k.hart();
    let current = hart.current.get();
    debug_assert!(hart.action.get() == Action::Keep && current.is_runnable() && !thread.queued.get());
    is_eligible(k, thread)
        && (MAX_HARTS == 1 && NUM_DOMAINS == 1
            || !hart.ready.has_above(k.domains.current(), current.priority.get()))
}

/// Runs a thread of higher priority than the current one in its place; see [`can_admit`].
#[cfg(feature = "uintr")]
#[inline(always)]
pub fn preempt(k: &Kernel, thread: Obj<Tcb>) {
    tracepoint!(Schedule);
    let hart = k.hart();
    let current = hart.current.get();
    current.queued.set(true);
    hart.ready.link_front(current);
    run(k, thread);
}

/// Queues a thread of no higher priority than the current one, which goes on; see [`can_admit`].
#[cfg(feature = "uintr")]
#[inline(always)]
pub fn admit(k: &Kernel, thread: Obj<Tcb>) {
    tracepoint!(Schedule);
    let hart = k.hart();
    thread.queued.set(true);
    if thread.priority.get() == hart.current.get().priority.get() {
        hart.ready.link_back(thread);
    } else {
        hart.ready.link_front(thread);
    }
}

/// The thread that runs when the current one stops, and stands in a queue until then.
#[cfg(feature = "uintr")]
#[derive(Clone, Copy)]
pub struct Next {
    /// The thread.
    pub thread: Obj<Tcb>,
    /// The priority whose queue it is the head of.
    priority: u8,
}

/// The thread that runs if the current one stops, and nothing else happens in this kernel entry. `None` if that is nobody, or if the domain's
/// time is over.
#[cfg(feature = "uintr")]
#[inline(always)]
pub fn next(k: &Kernel) -> Option<Next> {
    if NUM_DOMAINS > 1 && k.domains.is_over() {
        return None;
    }
    let hart = k.hart();
    debug_assert!(hart.action.get() == Action::Keep);
    let domain = hart.ready.domain(k.domains.current());
    let priority = domain.occupied.highest()?;
    let thread = domain.queues[usize::from(priority)].head.get()?;
    Some(Next { thread, priority })
}

/// Runs the next thread in place of the current one, which has stopped.
#[cfg(feature = "uintr")]
#[inline(always)]
pub fn run_next(k: &Kernel, next: Next) {
    tracepoint!(Schedule);
    k.hart().ready.unlink_head(next);
    run(k, next.thread);
}

/// The current thread has stopped: the candidate runs, unless a queued thread goes before it.
#[inline]
fn succeed(k: &Kernel, current: Obj<Tcb>, candidate: Obj<Tcb>) {
    let hart = k.hart();
    let priority = candidate.priority.get();
    let may_be_passed = current == hart.idle() || priority < current.priority.get();
    if may_be_passed && hart.ready.has_above(k.domains.current(), priority) {
        hart.ready.push_front(candidate);
        choose(k);
    } else {
        switch_to(k, candidate);
    }
}

fn choose(k: &Kernel) {
    k.domains.advance_if_over();
    let next = k.hart().ready.first(k.domains.current()).unwrap_or_else(|| k.hart().idle());
    switch_to(k, next);
}

#[inline]
fn switch_to(k: &Kernel, thread: Obj<Tcb>) {
    let hart = k.hart();
    hart.ready.remove(thread);
    if hart.current.get() != thread {
        run(k, thread);
    }
}

/// Whether `thread`, if it were runnable, would run as soon as the current thread stops.
#[inline(always)]
pub fn runs_after_current(k: &Kernel, thread: Obj<Tcb>) -> bool {
    let hart = k.hart();
    let priority = thread.priority.get();
    is_eligible(k, thread)
        && (priority >= hart.current.get().priority.get()
            || !hart.ready.has_above(k.domains.current(), priority))
}

/// Makes another thread, which stands in no queue, the current one.
#[inline(always)]
pub fn run(k: &Kernel, thread: Obj<Tcb>) {
    tracepoint!(Switch);
    let previous = k.hart().current.replace(thread);
    #[cfg(feature = "benchmark")]
    crate::benchmark::switched(k, previous, thread);
    vm::space::activate(k, thread);
    arch::thread_switched(k, previous, thread);
}

/// Prepares the current thread for its return to user space: a restarted one executes its last instruction again.
#[inline]
pub fn activate(k: &Kernel) {
    let thread = k.hart().current.get();
    if thread.state() == ThreadState::Restart {
        thread.context.next_pc.set(thread.context.fault_pc.get());
        thread.set_state(k, ThreadState::Running);
    }
}

/// Yield: the current thread goes behind its equals.
pub fn yield_current(k: &Kernel) {
    let hart = k.hart();
    let current = hart.current.get();
    hart.ready.remove(current);
    hart.ready.push_back(current);
    reschedule_required(k);
}

/// One tick of the clock: charges the running thread and the running domain.
pub fn tick(k: &Kernel) {
    let hart = k.hart();
    let current = hart.current.get();
    if current.state() == ThreadState::Running {
        let left = current.time_slice.get();
        if left > 1 {
            current.time_slice.set(left - 1);
        } else {
            current.time_slice.set(TIME_SLICE_TICKS);
            hart.ready.push_back(current);
            reschedule_required(k);
        }
    }
    if NUM_DOMAINS > 1 && k.domains.tick_is_last() {
        reschedule_required(k);
    }
}

/// Gives a thread another priority.
pub fn set_priority(k: &Kernel, thread: Obj<Tcb>, priority: u8) {
    k.home(thread).ready.remove(thread);
    thread.priority.set(priority);
    #[cfg(feature = "async-syscall")]
    crate::async_syscall::priority_changed(k, thread);
    if thread.is_runnable() {
        if thread == k.current() {
            reschedule_required(k);
        } else {
            possible_switch_to(k, thread);
        }
    }
}

/// Moves a thread to another hart, where it goes behind its equals. No hart but this one may be running it.
pub fn set_affinity(k: &Kernel, thread: Obj<Tcb>, hart: usize) {
    k.home(thread).ready.remove(thread);
    if thread == k.current() {
        // The other hart takes it only once this one has left the kernel, and so has saved the rest of it.
        reschedule_required(k);
    }
    if hart != arch::hart_index() && arch::fpu_owner(k, arch::hart_index()) == Some(thread) {
        arch::save_fpu(k);
    }
    thread.set_affinity(hart);
    if thread.is_runnable() {
        k.home(thread).ready.push_back(thread);
        if hart == arch::hart_index() {
            reschedule_required(k);
        } else {
            arch::send_ipi(k, hart);
        }
    }
}

/// Moves a thread, which no other hart may be running, to another domain.
pub fn set_domain(k: &Kernel, thread: Obj<Tcb>, domain: u8) {
    let ready = &k.home(thread).ready;
    ready.remove(thread);
    thread.domain.set(domain);
    if thread.is_runnable() {
        ready.push_front(thread);
    }
    if thread == k.current() {
        reschedule_required(k);
    }
}
