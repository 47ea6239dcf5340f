//! Threads that sleep until something is stored into their interrupt files, and what wakes them.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use rel4_abi::{Invocation, ObjectType, Syscall, UintrInvocation};

use super::{TAKEN, taken};
use crate::arch;
use crate::irq;
use crate::obj::Obj;
use crate::object::{Tcb, ThreadState};
use crate::sched;
use crate::testing::Machine;
use crate::testing::machine::PARTNER;
use crate::trap::Cause;

/// The files that threads get: the first, and the second.
const FILES: [usize; 2] = [2, 3];

/// A thread that owns a file.
#[derive(Clone, Copy)]
struct Sleeper {
    cptr: u64,
    tcb: Obj<Tcb>,
    notification: u64,
}

/// Makes a thread that owns the next file, and starts it.
fn sleeper(m: &mut Machine, priority: u64) -> Sleeper {
    let (cptr, notification) = (m.make_thread(priority), m.make(ObjectType::Notification, 0));
    m.invoke(Invocation::TcbBindNotification, cptr, &[], &[notification]).unwrap();
    let register = UintrInvocation::RegisterReceiver.label();
    m.call(cptr, register, &[0x1_0000], &[notification]).result().unwrap();
    m.resume(cptr);
    Sleeper { cptr, tcb: m.thread(cptr), notification }
}

/// Two sleepers of the root task's priority that sleep in this order, while the root task runs.
fn two_asleep() -> (Machine, [Sleeper; 2]) {
    let mut m = Machine::new();
    let sleepers = [(); 2].map(|()| sleeper(&mut m, 255));
    let root = m.current();
    m.simple(Syscall::Yield, 0, &[]);
    while m.current() != root {
        let runs = sleepers.into_iter().find(|sleeper| sleeper.tcb == m.current()).unwrap();
        let is_fast = taken(|| m.simple(Syscall::Recv, runs.notification, &[])) == 1;
        assert!(is_fast && is_asleep(runs.tcb), "nothing is pending, and another thread is ready");
    }
    (m, sleepers)
}

fn is_asleep(thread: Obj<Tcb>) -> bool {
    matches!(thread.state(), ThreadState::BlockedOnNotification(_))
}

fn store(m: &Machine, file: usize, identity: u32) {
    arch::raise_identity(arch::file_page(m.k, arch::hart_index(), file), identity);
}

/// The current thread is interrupted; returns whether the fastpath handled that.
fn interrupt(m: &Machine) -> bool {
    taken(|| m.trap(Cause::Interrupt)) == 1
}

/// Changes the priority of a thread and lets the scheduler act on it.
fn set_priority(m: &Machine, thread: Obj<Tcb>, priority: u8) {
    sched::set_priority(m.k, thread, priority);
    sched::schedule(m.k);
    sched::activate(m.k);
}

#[test]
fn a_store_wakes_a_sleeper_on_the_fastpath_whatever_its_priority() {
    for (priority, goes_on_at_once) in [(253, false), (254, false), (255, true)] {
        let (m, [first, _]) = two_asleep();
        let root = m.current();
        set_priority(&m, first.tcb, priority);
        set_priority(&m, root, 254);
        store(&m, FILES[0], 5);
        store(&m, FILES[0], 63);
        assert!(interrupt(&m));
        assert_eq!(m.current() == first.tcb, goes_on_at_once);
        assert!(!is_asleep(first.tcb) && !arch::is_armed(FILES[0]));
        assert_eq!(m.reply_of(first.tcb).badge, 1 << 4 | 1 << 62);
    }
}

#[test]
fn an_identity_of_the_owners_ready_queue_wakes_it_and_stays() {
    let (m, [first, _]) = two_asleep();
    arch::enable_queue_identities(FILES[0]);
    store(&m, FILES[0], 200);
    assert!(interrupt(&m));
    assert_eq!(m.reply_of(first.tcb).badge, 0);
    assert!(!is_asleep(first.tcb) && arch::queue_is_pending(FILES[0]));
}

#[test]
fn several_files_at_once_take_the_slowpath_and_all_wake() {
    let (m, sleepers) = two_asleep();
    FILES.iter().for_each(|&file| store(&m, file, 1));
    assert!(!interrupt(&m));
    assert!(sleepers.iter().all(|sleeper| !is_asleep(sleeper.tcb)));
    assert!(!FILES.iter().any(|&file| arch::is_armed(file)));
}

#[test]
fn the_last_thread_falls_asleep_on_the_slowpath() {
    let (mut m, [first, _]) = two_asleep();
    let elsewhere = m.make(ObjectType::Notification, 0);
    store(&m, FILES[0], 1);
    assert!(interrupt(&m));
    m.simple(Syscall::Recv, elsewhere, &[]);
    assert!(m.current() == first.tcb);
    assert_eq!(taken(|| m.simple(Syscall::Recv, first.notification, &[])), 0);
    assert!(m.current() == m.k.hart().idle() && is_asleep(first.tcb) && arch::is_armed(FILES[0]));
}

#[test]
fn what_is_pending_keeps_a_thread_awake_on_the_slowpath() {
    let (m, [first, second]) = two_asleep();
    set_priority(&m, m.current(), 254);
    store(&m, FILES[0], 1);
    assert!(interrupt(&m));
    store(&m, FILES[0], 2);
    assert_eq!(taken(|| m.simple(Syscall::Recv, first.notification, &[])), 0);
    assert_eq!((m.current(), m.reply_of(first.tcb).badge), (first.tcb, 1 << 1));
    // A signal is kept in the file, a badge of 0 in the word.
    m.simple(Syscall::Send, first.notification, &[]);
    assert_eq!(taken(|| m.simple(Syscall::Recv, first.notification, &[])), 0);
    assert_eq!((m.current(), m.reply_of(first.tcb).badge), (first.tcb, 0));
    assert_eq!(taken(|| m.simple(Syscall::Recv, second.notification, &[])), 0, "another's notification");
}

#[test]
fn a_store_to_a_thread_that_could_run_stays_in_its_file() {
    let (m, [first, _]) = two_asleep();
    store(&m, FILES[0], 1);
    assert!(interrupt(&m));
    store(&m, FILES[0], 2);
    assert!(!interrupt(&m));
    assert_eq!((m.reply_of(first.tcb).badge, arch::peek_file_word(FILES[0]) >> 1), (1 << 0, 1 << 1));
}

#[test]
fn a_store_to_a_thread_that_waits_elsewhere_does_not_wake_it() {
    let (mut m, [first, _]) = two_asleep();
    let elsewhere = m.make(ObjectType::Notification, 0);
    store(&m, FILES[0], 1);
    assert!(interrupt(&m));
    m.simple(Syscall::Yield, 0, &[]);
    assert!(m.current() == first.tcb);
    m.simple(Syscall::Recv, elsewhere, &[]);
    store(&m, FILES[0], 3);
    // Nothing has armed the file; a hart can still have taken the interrupt of an earlier moment.
    arch::arm_file(FILES[0]);
    assert!(!interrupt(&m) && is_asleep(first.tcb) && !arch::is_armed(FILES[0]));
}

/// A store that lands before its sleeper comes to an end, whose interrupt is taken afterwards, and another one.
fn store_around(end: impl FnOnce(&Machine, Sleeper)) {
    let (m, [first, _]) = two_asleep();
    let root = m.current();
    store(&m, FILES[0], 1);
    end(&m, first);
    store(&m, FILES[0], 2);
    assert!(!interrupt(&m) && m.current() == root);
    m.check_all();
}

#[test]
fn a_store_to_a_thread_that_was_suspended_does_not_wake_it() {
    store_around(|m, sleeper| {
        m.invoke(Invocation::TcbSuspend, sleeper.cptr, &[], &[]).unwrap();
    });
}

#[test]
fn a_store_to_the_file_of_a_dead_thread_wakes_nobody() {
    store_around(|m, sleeper| {
        m.delete(sleeper.cptr).unwrap();
    });
}

#[test]
fn a_file_that_was_given_up_wakes_nobody() {
    let (m, [first, _]) = two_asleep();
    m.call(first.cptr, UintrInvocation::Unregister.label(), &[], &[]).result().unwrap();
    store(&m, FILES[0], 1);
    assert!(is_asleep(first.tcb) && !interrupt(&m) && is_asleep(first.tcb));
}

#[test]
fn an_interrupt_of_a_file_without_owner_is_silenced() {
    let m = Machine::new();
    let root = m.current();
    arch::open_file(FILES[0]);
    arch::arm_file(FILES[0]);
    store(&m, FILES[0], 1);
    assert!(arch::guest_interrupt_waits());
    assert!(!interrupt(&m) && m.current() == root && !arch::guest_interrupt_waits());
    assert!(!interrupt(&m), "an interrupt that is gone by the time that the kernel looks");
}

#[cfg(feature = "sync-ipc")]
#[test]
fn a_thread_that_receives_messages_is_woken_on_the_slowpath() {
    let (mut m, [first, _]) = two_asleep();
    let endpoint = m.make(ObjectType::Endpoint, 0);
    store(&m, FILES[0], 1);
    assert!(interrupt(&m));
    m.simple(Syscall::Yield, 0, &[]);
    assert!(m.current() == first.tcb);
    m.simple(Syscall::Recv, endpoint, &[]);
    store(&m, FILES[0], 2);
    assert!(!interrupt(&m));
    assert_eq!(m.reply_of(first.tcb).badge, 1 << 1);
    assert!(!matches!(first.tcb.state(), ThreadState::BlockedOnReceive { .. }));
}

#[cfg(rel4_domains)]
#[test]
fn a_thread_of_another_domain_is_woken_on_the_slowpath_and_runs_in_its_own() {
    let (m, [first, _]) = two_asleep();
    let root = m.current();
    m.invoke(Invocation::DomainSetSet, rel4_abi::InitialSlot::Domain as u64, &[1], &[first.cptr]).unwrap();
    store(&m, FILES[0], 1);
    assert!(!interrupt(&m));
    assert!(m.current() == root && !is_asleep(first.tcb));
}

#[cfg(feature = "smp")]
#[test]
fn each_hart_wakes_the_owners_of_its_own_files() {
    const OTHER: usize = 1;
    let mut m = Machine::new();
    let affinity = |m: &Machine, thread: u64, hart: usize| {
        let label = Invocation::TcbSetAffinity.encode(crate::testing::LABELS).unwrap();
        m.call(thread, label, &[hart as u64], &[]).result().map(drop)
    };
    let busy = m.make_thread(1);
    let (cptr, notification) = (m.make_thread(200), m.make(ObjectType::Notification, 0));
    for thread in [busy, cptr] {
        affinity(&m, thread, OTHER).unwrap();
    }
    m.invoke(Invocation::TcbBindNotification, cptr, &[], &[notification]).unwrap();
    let register = UintrInvocation::RegisterReceiver.label();
    m.call(cptr, register, &[0x1_0000], &[notification]).result().unwrap();
    for thread in [busy, cptr] {
        m.resume(thread);
    }
    let [busy, tcb] = [busy, cptr].map(|thread| m.thread(thread));
    arch::on_hart(OTHER, || {
        m.trap(Cause::Interrupt);
        assert!(m.current() == tcb);
        assert_eq!(taken(|| m.simple(Syscall::Recv, notification, &[])), 1);
        assert!(m.current() == busy);
    });
    assert!(affinity(&m, cptr, 0).is_err(), "it stays where its file is");
    arch::raise_identity(arch::file_page(m.k, OTHER, FILES[0]), 7);
    assert!(!interrupt(&m) && is_asleep(tcb), "the interrupt is another hart's");
    arch::on_hart(OTHER, || {
        assert!(interrupt(&m));
        assert_eq!((m.current(), m.reply_of(tcb).badge), (tcb, 1 << 6));
    });
}

/// One thing that happens to two sleepers and three other threads.
#[derive(Clone, Debug)]
enum Step {
    /// The current thread makes a system call: a sleeper waits for its file, others yield; or one of the next.
    Wait,
    Poll,
    Yield,
    Signal(usize),
    /// The current thread waits where no file wakes it, or sends what wakes who waits there.
    WaitElsewhere,
    SignalElsewhere,
    /// Something stores an identity into a file.
    Store(usize, u32),
    /// The same, and if that interrupts the kernel, it does so before anything else happens.
    Wake(usize, u32),
    /// An interrupt that waits is taken.
    Interrupt,
    Priority(usize, u8),
    Suspend(usize),
    Restart(usize),
    Tick,
}

fn step() -> impl Strategy<Value = Step> {
    let identity = prop_oneof![6 => 1u32..5, 1 => 1..=rel4_abi::uintr::MAX_IDENTITY];
    prop_oneof![
        16 => Just(Step::Wait),
        1 => Just(Step::Poll),
        3 => Just(Step::Yield),
        2 => (0..FILES.len()).prop_map(Step::Signal),
        1 => Just(Step::WaitElsewhere),
        4 => Just(Step::SignalElsewhere),
        3 => (0..FILES.len(), identity.clone()).prop_map(|(file, identity)| Step::Store(file, identity)),
        12 => (0..FILES.len(), identity).prop_map(|(file, identity)| Step::Wake(file, identity)),
        6 => Just(Step::Interrupt),
        2 => (0..THREADS, 1u8..4).prop_map(|(thread, priority)| Step::Priority(thread, priority)),
        1 => (0..THREADS).prop_map(Step::Suspend),
        2 => (0..THREADS).prop_map(Step::Restart),
        1 => Just(Step::Tick),
    ]
}

const THREADS: usize = 5;

/// How often the fastpath was taken: to sleep, and to wake.
#[derive(Clone, Copy, Default)]
struct Taken {
    sleeps: u64,
    wakes: u64,
}

fn play(steps: &[Step], so_far: Taken) -> Taken {
    let mut m = Machine::new();
    let sleepers = [(); 2].map(|()| sleeper(&mut m, 2));
    arch::enable_queue_identities(FILES[1]);
    let (place, elsewhere) = (m.make(PARTNER, 0), m.make(ObjectType::Notification, 0));
    let others = [(); THREADS - 2].map(|()| m.make_thread(2));
    for thread in others {
        m.resume(thread);
    }
    let [a, b, c] = others.map(|slot| m.thread(slot));
    let threads = [sleepers[0].tcb, sleepers[1].tcb, a, b, c];
    // The root task is out of the way.
    m.simple(Syscall::Recv, place, &[]);
    let reschedule = || {
        sched::schedule(m.k);
        sched::activate(m.k);
        m.check();
    };
    let mut count = so_far;
    for step in steps {
        if m.current() == m.k.hart().idle() {
            // As the entry code does for a hart that has nothing to run.
            if arch::guest_interrupt_waits() {
                irq::handle(m.k);
            } else {
                crate::object::tcb::restart(m.k, a);
            }
            reschedule();
            continue;
        }
        let own = sleepers.into_iter().find(|sleeper| sleeper.tcb == m.current());
        let before = TAKEN.get();
        match *step {
            Step::Wait => match own {
                Some(own) => m.simple(Syscall::Recv, own.notification, &[]),
                None => m.simple(Syscall::Yield, 0, &[]),
            },
            Step::Poll => m.simple(Syscall::NBRecv, own.map_or(elsewhere, |own| own.notification), &[]),
            Step::Yield => m.simple(Syscall::Yield, 0, &[]),
            Step::Signal(to) => m.simple(Syscall::Send, sleepers[to].notification, &[]),
            Step::WaitElsewhere => m.simple(Syscall::Recv, elsewhere, &[]),
            Step::SignalElsewhere => m.simple(Syscall::Send, elsewhere, &[]),
            Step::Store(to, identity) => store(&m, FILES[to], identity),
            Step::Wake(to, identity) => {
                store(&m, FILES[to], identity);
                if arch::guest_interrupt_waits() {
                    m.trap(Cause::Interrupt);
                }
            }
            Step::Interrupt if arch::guest_interrupt_waits() => m.trap(Cause::Interrupt),
            Step::Interrupt => {}
            Step::Priority(thread, priority) => set_priority(&m, threads[thread], priority),
            Step::Suspend(thread) => {
                crate::object::tcb::suspend(m.k, threads[thread]);
                reschedule();
            }
            Step::Restart(thread) => {
                crate::object::tcb::restart(m.k, threads[thread]);
                reschedule();
            }
            Step::Tick => m.tick(),
        }
        match step {
            Step::Wait => count.sleeps += TAKEN.get() - before,
            Step::Wake(..) | Step::Interrupt => count.wakes += TAKEN.get() - before,
            _ => {}
        }
        assert!(own.is_none_or(|own| own.tcb != m.current() || !arch::is_armed(own.tcb.mode_state.file())));
    }
    count
}

#[test]
fn sleepers_that_are_woken_at_random_take_the_fastpath_often_both_ways() {
    let mut runner = TestRunner::deterministic();
    let sequences = prop::collection::vec(step(), 200);
    let count = (0..40).fold(Taken::default(), |so_far, _| {
        play(&sequences.new_tree(&mut runner).unwrap().current(), so_far)
    });
    assert!(count.sleeps > 200 && count.wakes > 150, "{} and {} of 8000", count.sleeps, count.wakes);
}
