//! Another hart carries requests out: when it may, and when not.

use rel4_abi::async_syscall::{AsyncInvocation, doorbell_identity};
use rel4_abi::{CapRights, Invocation, InvocationError, ObjectType, Syscall, UintrInvocation};

use super::super::fastpath::taken;
use super::super::{LABELS, Machine};
use super::user::{CAPACITY, ROOT, SPACE, TCB, User, enter, register, unregister};
use super::{PAGE, map};
use crate::arch::{self, DOORBELL_FILE};
use crate::async_syscall;
use crate::cap::Cap;
use crate::irq;
use crate::sched;
use crate::trap::Cause;

const OTHER: usize = 1;

/// The other hart, which idles, takes whatever interrupts it.
fn wake_other(m: &Machine) {
    arch::on_hart(OTHER, || {
        while arch::doorbell_rings() {
            irq::handle(m.k);
            sched::schedule(m.k);
            sched::activate(m.k);
            async_syscall::follow(m.k);
        }
    });
}

/// The other hart finishes a round of idling: it notices what has changed.
fn idle_other(m: &Machine) {
    arch::on_hart(OTHER, || {
        irq::handle(m.k);
        sched::schedule(m.k);
        sched::activate(m.k);
        async_syscall::follow(m.k);
    });
}

fn ring(identity: u32, m: &Machine) {
    arch::raise_identity(arch::file_page(m.k, OTHER, DOORBELL_FILE), identity);
}

/// A machine whose root task, of priority 255, has rings, and whose other hart idles.
fn with_rings() -> (Machine, User) {
    let mut m = Machine::new();
    let user = User::new(&mut m, TCB);
    idle_other(&m);
    (m, user)
}

#[test]
fn an_idle_hart_carries_out_what_the_doorbell_announces() {
    let (mut m, mut user) = with_rings();
    let frame = m.make(ObjectType::Page, 0);
    map(&mut user, 1, frame, PAGE);
    ring(doorbell_identity(255), &m);
    wake_other(&m);
    assert_eq!(user.take().unwrap().result(), Ok(()));
    let Cap::Frame(cap) = m.cap(frame) else { panic!() };
    assert!(cap.mapping.is_some());
    assert_eq!(user.read(rel4_abi::ring::FLAG), rel4_abi::ring::ASLEEP, "the next request rings again");
    m.check_all();
}

#[test]
fn a_hart_that_runs_a_thread_of_no_lower_priority_is_not_disturbed() {
    let (mut m, mut user) = with_rings();
    let thread = m.make_thread(255);
    let label = Invocation::TcbSetAffinity.encode(LABELS).unwrap();
    m.call(thread, label, &[OTHER as u64], &[]).result().unwrap();
    m.resume(thread);
    idle_other(&m);
    let notification = m.make(ObjectType::Notification, 0);
    user.send(1, notification, 0, &[], &[]);
    ring(doorbell_identity(255), &m);
    wake_other(&m);
    assert_eq!(user.take(), None);
    // It is carried out where the thread itself enters the kernel, and the doorbell then finds nothing to do.
    enter(&m);
    assert!(user.take().is_some());
}

#[test]
fn a_hart_whose_thread_falls_asleep_or_wakes_on_the_fastpath_answers_by_the_one_that_runs_then() {
    const FILE: usize = 2;
    let (mut m, _user) = with_rings();
    let [busy, sleeper] = [1, 255].map(|priority| {
        let thread = m.make_thread(priority);
        let label = Invocation::TcbSetAffinity.encode(LABELS).unwrap();
        m.call(thread, label, &[OTHER as u64], &[]).result().unwrap();
        thread
    });
    let notification = m.make(ObjectType::Notification, 0);
    m.invoke(Invocation::TcbBindNotification, sleeper, &[], &[notification]).unwrap();
    let register = UintrInvocation::RegisterReceiver.label();
    m.call(sleeper, register, &[0x1_0000], &[notification]).result().unwrap();
    for thread in [busy, sleeper] {
        m.resume(thread);
    }
    ring(doorbell_identity(255), &m);
    let sleeper = m.thread(sleeper);
    arch::on_hart(OTHER, || {
        m.trap(Cause::Interrupt);
        assert!(m.current() == sleeper && !arch::doorbell_rings());
        assert_eq!(taken(|| m.simple(Syscall::Recv, notification, &[])), 1);
        assert!(m.current() != sleeper && arch::doorbell_rings());
        arch::raise_identity(arch::file_page(m.k, OTHER, FILE), 1);
        assert_eq!(taken(|| m.trap(Cause::Interrupt)), 1);
        assert!(m.current() == sleeper && !arch::doorbell_rings());
    });
}

#[test]
fn identities_without_rings_do_not_interrupt() {
    let (m, _) = with_rings();
    for identity in 0..=255 {
        if identity != doorbell_identity(255) {
            ring(identity, &m);
        }
    }
    arch::on_hart(OTHER, || assert!(!arch::doorbell_rings()));
    unregister(&m, TCB).unwrap();
    idle_other(&m);
    ring(doorbell_identity(255), &m);
    arch::on_hart(OTHER, || assert!(!arch::doorbell_rings(), "nobody has rings any more"));
}

#[test]
fn a_doorbell_that_is_rung_for_nothing_is_silent_until_the_next_tick() {
    let (m, _) = with_rings();
    let mut interrupts = 0;
    for _ in 0..100 {
        ring(doorbell_identity(255), &m);
        interrupts += arch::on_hart(OTHER, || u64::from(arch::doorbell_rings()));
        wake_other(&m);
    }
    assert_eq!(interrupts, 16);
    arch::set_interrupt_pending(true);
    idle_other(&m);
    arch::on_hart(OTHER, || assert!(arch::doorbell_rings(), "what is pending comes through again"));
}

#[test]
fn a_doorbell_that_rings_late_for_requests_that_were_carried_out_stays_audible() {
    let (mut m, mut user) = with_rings();
    let notification = m.make(ObjectType::Notification, 0);
    let badged = m.mint(notification, CapRights::ALL, 1);
    idle_other(&m);
    for task in 0..100 {
        user.send(task, badged, 0, &[], &[]);
        ring(doorbell_identity(255), &m);
        wake_other(&m);
        assert!(user.take().is_some(), "request {task}: the other hart was not told");
        // The thread rang once more while the first ring was being answered.
        ring(doorbell_identity(255), &m);
        wake_other(&m);
    }
}

#[test]
fn a_thread_rings_again_also_after_its_last_request_was_followed_by_an_interrupt() {
    let (mut m, mut user) = with_rings();
    let notification = m.make(ObjectType::Notification, 0);
    let badged = m.mint(notification, CapRights::ALL, 1);
    user.send(1, badged, 0, &[], &[]);
    user.write(rel4_abi::ring::FLAG, rel4_abi::ring::AWAKE);
    ring(doorbell_identity(255), &m);
    arch::set_interrupt_pending(true);
    arch::on_hart(OTHER, || async_syscall::answer(m.k));
    assert!(user.take().is_some());
    assert_eq!(user.read(rel4_abi::ring::FLAG), rel4_abi::ring::ASLEEP);
}

#[test]
fn a_thread_rings_again_also_after_so_many_requests_that_their_completions_fill_the_ring() {
    let (mut m, mut user) = with_rings();
    let notification = m.make(ObjectType::Notification, 0);
    let badged = m.mint(notification, CapRights::ALL, 1);
    user.write(rel4_abi::ring::FLAG, rel4_abi::ring::AWAKE);
    for task in 0..CAPACITY {
        user.send(task, badged, 0, &[], &[]);
    }
    ring(doorbell_identity(255), &m);
    wake_other(&m);
    for task in 0..CAPACITY {
        assert_eq!(user.take().map(|taken| taken.task), Some(task));
    }
    assert_eq!(user.read(rel4_abi::ring::FLAG), rel4_abi::ring::ASLEEP);
}

#[test]
fn what_is_masked_comes_through_again_at_the_tick_whatever_was_carried_out_meanwhile() {
    let (mut m, mut user) = with_rings();
    for _ in 0..16 {
        ring(doorbell_identity(255), &m);
        wake_other(&m);
    }
    let notification = m.make(ObjectType::Notification, 0);
    let badged = m.mint(notification, CapRights::ALL, 1);
    user.send(1, badged, 0, &[], &[]);
    enter(&m);
    ring(doorbell_identity(255), &m);
    arch::on_hart(OTHER, || assert!(!arch::doorbell_rings(), "it is masked"));
    arch::set_interrupt_pending(true);
    idle_other(&m);
    arch::on_hart(OTHER, || assert!(arch::doorbell_rings()));
}

/// How often the other hart is interrupted in 100 rounds, in each of which `disturb` may ring.
fn interrupts_of(m: &mut Machine, mut disturb: impl FnMut(&mut Machine)) -> u64 {
    let mut interrupts = 0;
    for _ in 0..100 {
        disturb(m);
        interrupts += arch::on_hart(OTHER, || u64::from(arch::doorbell_rings()));
        wake_other(m);
    }
    interrupts
}

#[test]
fn requests_of_one_thread_do_not_excuse_rings_in_the_name_of_another() {
    let (mut m, _victim) = with_rings();
    let thread = m.make_thread(1);
    let mut liar = User::new(&mut m, thread);
    let notification = m.make(ObjectType::Notification, 0);
    let badged = m.mint(notification, CapRights::ALL, 1);
    idle_other(&m);
    let interrupts = interrupts_of(&mut m, |m| {
        liar.send(1, badged, 0, &[], &[]);
        ring(doorbell_identity(1), m);
        wake_other(m);
        assert!(liar.take().is_some());
        ring(doorbell_identity(255), m);
    });
    assert_eq!(interrupts, 16);
}

#[test]
fn identities_that_are_rung_for_nothing_in_turn_are_all_silent_until_the_next_tick() {
    let (mut m, _first) = with_rings();
    let thread = m.make_thread(1);
    let _second = User::new(&mut m, thread);
    idle_other(&m);
    let mut priorities = [1, 255].into_iter().cycle();
    let interrupts = interrupts_of(&mut m, |m| ring(doorbell_identity(priorities.next().unwrap()), m));
    assert_eq!(interrupts, 2 * 16);
    arch::set_interrupt_pending(true);
    idle_other(&m);
    arch::on_hart(OTHER, || assert!(arch::doorbell_rings(), "what is pending comes through again"));
}

#[test]
fn a_new_thread_with_rings_makes_no_identity_audible_that_was_rung_for_nothing() {
    let (mut m, _user) = with_rings();
    assert_eq!(interrupts_of(&mut m, |m| ring(doorbell_identity(255), m)), 16);
    let thread = m.make_thread(1);
    let _other = User::new(&mut m, thread);
    idle_other(&m);
    arch::on_hart(OTHER, || assert!(!arch::doorbell_rings()));
}

#[test]
fn a_request_that_ends_the_running_thread_and_its_own_rings_is_the_last_of_that_entry() {
    let mut m = Machine::new();
    let doomed = m.make(ObjectType::Untyped, 14);
    let thread = m.retype_from(doomed, ObjectType::Tcb, 0).unwrap();
    let frame = m.retype_from(doomed, ObjectType::Page, 0).unwrap();
    m.invoke(Invocation::TcbConfigure, thread, &[0, 0, 0, 0], &[ROOT, SPACE, 0]).unwrap();
    m.invoke(Invocation::TcbSetPriority, thread, &[1], &[TCB]).unwrap();
    let label = Invocation::TcbSetAffinity.encode(LABELS).unwrap();
    m.call(thread, label, &[OTHER as u64], &[]).result().unwrap();
    let notification = m.make(ObjectType::Notification, 0);
    register(&m, TCB, frame, notification, CAPACITY).unwrap();
    let mut first = User::of(&m, frame, notification);
    let equal = m.make_thread(255);
    let mut second = User::new(&mut m, equal);
    m.resume(thread);
    idle_other(&m);
    arch::on_hart(OTHER, || assert_eq!(m.current(), m.thread(thread)));
    let slot = m.free_slot();
    first.invoke(1, Invocation::CNodeRevoke, ROOT, &[doomed, 64], &[]);
    let words = [ObjectType::Untyped as u64, 14, 0, 0, slot, 1];
    second.invoke(2, Invocation::UntypedRetype, doomed, &words, &[ROOT]);
    ring(doorbell_identity(255), &m);
    arch::on_hart(OTHER, || async_syscall::answer(m.k));
    assert_eq!((m.cap(thread), m.cap(frame)), (Cap::Null, Cap::Null));
    assert_eq!(second.take(), None, "the thread that runs is gone, so its memory must not get another use");
    wake_other(&m);
    arch::on_hart(OTHER, || irq::handle(m.k));
    assert_eq!(second.take().unwrap().result(), Ok(()), "the other hart has something else to run now");
    m.check_all();
}

#[test]
fn a_doorbell_is_mapped_for_a_thread_with_rings_only_and_goes_with_them() {
    let (mut m, _) = with_rings();
    let thread = m.make_thread(1);
    let slot = m.free_slot();
    let label = AsyncInvocation::MapDoorbell.label();
    let call = |m: &Machine, tcb: u64, vaddr: u64, hart: u64| {
        m.call(SPACE, label, &[vaddr, slot, 64, hart], &[tcb, ROOT]).result().map(drop)
    };
    assert_eq!(call(&m, thread, PAGE, 1), Err(InvocationError::IllegalOperation), "it has no rings");
    assert_eq!(call(&m, SPACE, PAGE, 1), Err(InvocationError::InvalidCapability { index: 1 }));
    let no_such_hart = InvocationError::RangeError { min: 0, max: crate::config::MAX_HARTS as u64 - 1 };
    assert_eq!(call(&m, TCB, PAGE, 99), Err(no_such_hart));
    assert_eq!(call(&m, TCB, PAGE, 1), Ok(()));
    assert!(matches!(m.cap(slot), Cap::SenderPage(_)));
    m.check_all();
    m.delete(slot).unwrap();
    m.check_all();
}

#[test]
fn requests_for_two_threads_of_one_priority_are_told_apart() {
    let (mut m, mut first) = with_rings();
    let thread = m.make_thread(255);
    let mut second = User::new(&mut m, thread);
    let notification = m.make(ObjectType::Notification, 0);
    let badged = m.mint(notification, CapRights::ALL, 1);
    idle_other(&m);
    second.send(1, badged, 0, &[], &[]);
    ring(doorbell_identity(255), &m);
    wake_other(&m);
    assert!(second.take().is_some());
    assert_eq!(first.take(), None);
}
