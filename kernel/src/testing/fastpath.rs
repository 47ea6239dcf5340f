//! Fastpath and slowpath are the same to an observer: whatever system call a test makes that could take the fastpath takes both, one after
//! the other from the same state, and the two outcomes are compared, memory byte for byte. See [`Machine::ecall`]. Interrupts likewise, in a
//! kernel with user interrupts: [`Machine::trap`].

#[cfg(feature = "sync-ipc")]
mod pair;
#[cfg(feature = "uintr")]
mod sleeper;

use core::cell::Cell;
use core::mem::offset_of;
use core::ops::Range;
use core::slice;
use std::collections::BTreeSet;
use std::thread_local;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use rel4_abi::{CapRights, Invocation, MessageInfo, ObjectType, Syscall};

use super::machine::PARTNER;
use super::{Machine, invariants};
use crate::arch;
use crate::cap::lookup;
use crate::fastpath::{self, Request};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::{Tcb, ThreadState};
use crate::sched::Action;
use crate::trap::{self, Cause};

thread_local! {
    /// How many kernel entries of this test the fastpath carried out.
    static TAKEN: Cell<u64> = const { Cell::new(0) };
    /// Whether kernel entries take the fastpath where a test observes accesses to interrupt files, so that not both can be tried.
    #[cfg(feature = "uintr")]
    static IS_OBSERVED: Cell<bool> = const { Cell::new(false) };
}

/// Has the observer of accesses to interrupt files see the fastpath's, where it applies, or the slowpath's alone.
#[cfg(feature = "uintr")]
pub(super) fn show_to_observer(fastpath: bool) {
    IS_OBSERVED.set(fastpath);
}

/// Carries out the current thread's system call on the slowpath, after it was tried on the fastpath.
pub(super) fn ecall_both_ways(m: &Machine) {
    let thread = m.current();
    let (number, request) = request_of(thread);
    if can_matter(thread, number, &request) {
        both_ways(m, Cause::Syscall, || fastpath::handle(m.k, number, &request));
    } else {
        trap::handle(m.k, Cause::Syscall);
    }
}

/// Handles an interrupt on the slowpath, after it was tried on the fastpath.
pub(super) fn interrupt_both_ways(m: &Machine) {
    #[cfg(feature = "uintr")]
    if m.current() != m.k.hart().idle() {
        return both_ways(m, Cause::Interrupt, || {
            let wake = fastpath::wake::find(m.k)?;
            Some(if wake.preempts(m.k) { wake.run(m.k) } else { wake.enqueue(m.k) })
        });
    }
    trap::handle(m.k, Cause::Interrupt);
}

/// Handles a kernel entry on the slowpath, after it was tried on the fastpath: either that did nothing, or everything that the slowpath then does
/// from the same state.
fn both_ways(m: &Machine, cause: Cause, fastpath: impl FnOnce() -> Option<Obj<Tcb>>) {
    #[cfg(feature = "uintr")]
    if arch::files_are_observed() {
        if !IS_OBSERVED.get() || fastpath().is_none() {
            trap::handle(m.k, cause);
        }
        return;
    }
    let before = Snapshot::take(m);
    let Some(next) = fastpath() else {
        before.assert_is_now(m, "a kernel entry that the fastpath declines changes something");
        return trap::handle(m.k, cause);
    };
    TAKEN.set(TAKEN.get() + 1);
    assert_eq!(next, m.current(), "the fastpath returns to a thread that is not current");
    let fast = Snapshot::take(m);
    before.restore(m);
    trap::handle(m.k, cause);
    fast.assert_is_now(m, "fastpath and slowpath differ");
}

fn request_of(thread: Obj<Tcb>) -> (i64, Request) {
    let context = &thread.context;
    let words = core::array::from_fn(|index| context.message_register(index));
    (context.syscall_number() as i64, Request { cptr: context.cptr(), info: context.message_info(), words })
}

/// Spares system calls on other objects the work: they are declined by type.
fn can_matter(thread: Obj<Tcb>, number: i64, request: &Request) -> bool {
    (-5..=-1).contains(&number)
        && lookup::slot_of_thread(thread, request.cptr)
            .is_ok_and(|slot| slot.raw().as_endpoint().is_some() || slot.raw().as_notification().is_some())
}

const PAGE_BYTES: usize = 4096;

/// All that there is at one moment: the pages of all objects, the kernel's own state, and what of them needs interpretation.
struct Snapshot {
    pages: Vec<(usize, [u8; PAGE_BYTES])>,
    kernel: Vec<u8>,
    threads: Vec<ThreadView>,
    current: Obj<Tcb>,
    action: Action,
    hardware: arch::View,
}

/// What of a thread has bytes that mean nothing at times: the payload of a state that has none, the links of a thread in no queue.
#[derive(Clone, PartialEq, Eq, Debug)]
struct ThreadView {
    thread: Obj<Tcb>,
    state: ThreadState,
    queued: bool,
    ready_links: Option<[Option<Obj<Tcb>>; 2]>,
    wait_links: Option<[Option<Obj<Tcb>>; 2]>,
}

impl ThreadView {
    fn of(thread: Obj<Tcb>) -> Self {
        let waits = matches!(
            thread.state(),
            ThreadState::BlockedOnSend(_)
                | ThreadState::BlockedOnReceive { .. }
                | ThreadState::BlockedOnNotification(_)
        );
        Self {
            thread,
            state: thread.state(),
            queued: thread.queued.get(),
            ready_links: thread.queued.get().then(|| thread.ready_links.get()),
            wait_links: waits.then(|| thread.wait_links.get()),
        }
    }
}

impl Snapshot {
    fn take(m: &Machine) -> Self {
        let (threads, objects) = invariants::threads_and_objects(m.k, &m.boot);
        let pages: BTreeSet<usize> = objects.into_iter().map(|address| address & !(PAGE_BYTES - 1)).collect();
        Self {
            pages: pages.into_iter().map(|page| (page, read_page(page))).collect(),
            kernel: kernel(m.k).to_vec(),
            threads: threads.into_iter().map(ThreadView::of).collect(),
            current: m.current(),
            action: m.k.hart().action.get(),
            hardware: arch::View::take(),
        }
    }

    /// Makes the present what it was then.
    fn restore(&self, m: &Machine) {
        for (page, bytes) in &self.pages {
            // SAFETY: a page of the machine's memory, in which everything that changes is in cells.
            unsafe { core::ptr::with_exposed_provenance_mut::<[u8; PAGE_BYTES]>(*page).write(*bytes) };
        }
        let to = core::ptr::from_ref(m.k).cast_mut().cast::<u8>();
        // SAFETY: the kernel's state, as it was copied; everything in it that changes is in cells.
        unsafe { to.copy_from(self.kernel.as_ptr(), self.kernel.len()) };
        self.hardware.restore();
    }

    fn assert_is_now(&self, m: &Machine, difference: &str) {
        let now = Self::take(m);
        assert_eq!((self.current, self.action), (now.current, now.action), "{difference}");
        assert_eq!(self.threads, now.threads, "{difference}");
        assert!(self.hardware == now.hardware, "{difference}: hardware");
        let without_meaning: Vec<Range<usize>> =
            now.threads.iter().flat_map(|view| Tcb::bytes_without_meaning(view.thread)).collect();
        let matters = |address: &usize| !without_meaning.iter().any(|range| range.contains(address));
        assert_eq!(self.pages.len(), now.pages.len(), "{difference}: objects");
        for ((page, then), (_, now)) in self.pages.iter().zip(&now.pages).filter(|(then, now)| then != now) {
            let different = (0..PAGE_BYTES).filter(|&index| then[index] != now[index]);
            let at = different.map(|index| page + index).find(matters);
            assert_eq!(at, None, "{difference}: this byte of memory; threads: {:x?}", self.threads);
        }
        let action = offset_of!(crate::kernel::Hart, action) + core::ptr::from_ref(m.k.hart()).addr()
            - core::ptr::from_ref(m.k).addr();
        let action = action..action + size_of::<Action>();
        let mut different = (0..self.kernel.len()).filter(|&index| self.kernel[index] != now.kernel[index]);
        let at = different.find(|index| !action.contains(index));
        assert_eq!(at, None, "{difference}: this byte of the kernel's state");
    }
}

fn read_page(page: usize) -> [u8; PAGE_BYTES] {
    // SAFETY: the page of an object, in the machine's memory, which nothing changes while this is copied.
    unsafe { core::ptr::with_exposed_provenance::<[u8; PAGE_BYTES]>(page).read() }
}

fn kernel(k: &Kernel) -> &[u8] {
    // SAFETY: the kernel's state, which nothing changes while this is copied.
    unsafe { slice::from_raw_parts(core::ptr::from_ref(k).cast(), size_of::<Kernel>()) }
}

/// How many of the kernel entries in `work` the fastpath carried out.
pub(super) fn taken(work: impl FnOnce()) -> u64 {
    let before = TAKEN.get();
    work();
    TAKEN.get() - before
}

/// One thing that happens to five threads that talk to each other.
#[derive(Clone, Debug)]
enum Step {
    /// The current thread makes a system call on one of the partners, with a tag of this label and below-label bits.
    Call(Syscall, usize, u64),
    /// A thread gets another priority.
    Priority(usize, u8),
    /// A thread is started again.
    Restart(usize),
    /// The clock ticks.
    Tick,
}

fn step() -> impl Strategy<Value = Step> {
    use Syscall::{Call, NBRecv, NBSend, Recv, Reply, ReplyRecv, Send, Yield};
    const CALLS: [Syscall; 13] =
        [Call, Call, Call, ReplyRecv, ReplyRecv, ReplyRecv, Send, NBSend, Recv, Recv, NBRecv, Reply, Yield];
    let tag = prop_oneof![8 => 0u64..5, 1 => 0u64..1 << 12, 1 => any::<u64>()];
    let partner = prop_oneof![8 => 0usize..3, 1 => 6usize..8, 1 => 0..PARTNERS];
    prop_oneof![
        20 => (prop::sample::select(&CALLS[..]), partner, tag).prop_map(|(call, partner, tag)| Step::Call(call, partner, tag)),
        1 => (0..THREADS, 0u8..4).prop_map(|(thread, priority)| Step::Priority(thread, priority)),
        2 => (0..THREADS).prop_map(Step::Restart),
        1 => Just(Step::Tick),
    ]
}

const THREADS: usize = 5;
/// Capabilities that they share: two [`PARTNER`]s with all rights, one of them also with a badge and with each right missing, a
/// notification and one bound to a thread, an empty slot.
const PARTNERS: usize = 9;

/// Plays the steps; returns how many system calls took the fastpath.
fn play(steps: &[Step]) -> u64 {
    let mut m = Machine::new();
    let mut partners = vec![m.make(PARTNER, 0), m.make(PARTNER, 0)];
    partners.push(m.mint(partners[0], CapRights::ALL, 0xbad6e));
    for rights in [CapRights::READ, CapRights::WRITE, CapRights::READ_WRITE] {
        partners.push(m.mint(partners[0], rights, 0));
    }
    partners.extend([
        m.make(ObjectType::Notification, 0),
        m.make(ObjectType::Notification, 0),
        m.free_slot(),
    ]);
    assert_eq!(partners.len(), PARTNERS);
    let threads = [(); THREADS].map(|()| m.make_thread(1));
    m.invoke(Invocation::TcbBindNotification, threads[0], &[], &[partners[6]]).unwrap();
    for thread in threads {
        m.resume(thread);
    }
    let threads = threads.map(|slot| m.thread(slot));
    // The root task is out of the way.
    m.simple(Syscall::Recv, partners[7], &[]);
    let reschedule = || {
        crate::sched::schedule(m.k);
        crate::sched::activate(m.k);
        m.check();
    };
    taken(|| {
        for step in steps {
            if m.current() == m.k.hart().idle() {
                crate::object::tcb::restart(m.k, threads[0]);
                reschedule();
            }
            match *step {
                Step::Call(syscall, partner, tag) => {
                    let number = syscall.number() as u64;
                    m.syscall(number, partners[partner], MessageInfo(tag), &[tag, 1, 2, 3], &[]);
                }
                Step::Priority(thread, priority) => {
                    crate::sched::set_priority(m.k, threads[thread], priority);
                    reschedule();
                }
                Step::Restart(thread) => {
                    crate::object::tcb::restart(m.k, threads[thread]);
                    reschedule();
                }
                Step::Tick => m.tick(),
            }
        }
    })
}

#[test]
fn threads_that_talk_at_random_take_the_fastpath_often() {
    let mut runner = TestRunner::deterministic();
    let sequences = prop::collection::vec(step(), 200);
    let count: u64 = (0..20).map(|_| play(&sequences.new_tree(&mut runner).unwrap().current())).sum();
    assert!(count > 300, "only {count} of 4000");
}
