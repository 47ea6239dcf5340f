//! Asynchronous system calls: registration, execution, and what ends them.

mod differential;
#[cfg(feature = "smp")]
mod doorbell;
mod hostile;
mod user;

use rel4_abi::lookup_failure::LookupFailure;
use rel4_abi::{CNodeCapData, CapRights, Invocation, InvocationError, LookupSide, ObjectType, Syscall};

use super::Machine;
use crate::cap::Cap;
use crate::object::ThreadState;
use user::{CAPACITY, ROOT, SPACE, TCB, User, enter, register, unregister};

/// A page with page tables: behind the BootInfo of the root task.
const PAGE: u64 = 0x4_0000;

fn map(user: &mut User, task: u64, frame: u64, vaddr: u64) {
    user.invoke(task, Invocation::RiscvPageMap, frame, &[vaddr, 3, 1], &[SPACE]);
}

#[test]
fn pages_are_mapped_and_unmapped_when_the_thread_enters_the_kernel() {
    let mut m = Machine::new();
    let mut user = User::new(&mut m, TCB);
    let frame = m.make(ObjectType::Page, 0);
    map(&mut user, 7, frame, PAGE);
    assert_eq!(user.take(), None, "nobody has entered the kernel");
    enter(&m);
    let completion = user.take().unwrap();
    assert_eq!((completion.task, completion.result()), (7, Ok(())));
    let Cap::Frame(cap) = m.cap(frame) else { panic!() };
    assert_eq!(cap.mapping.map(|mapping| mapping.vaddr), Some(PAGE));
    user.invoke(8, Invocation::RiscvPageUnmap, frame, &[], &[]);
    enter(&m);
    assert_eq!(user.take().unwrap().result(), Ok(()));
    let Cap::Frame(cap) = m.cap(frame) else { panic!() };
    assert_eq!(cap.mapping, None);
    m.check_all();
}

#[test]
fn requests_are_carried_out_in_order_before_the_system_call_that_the_thread_makes() {
    let mut m = Machine::new();
    let mut user = User::new(&mut m, TCB);
    let notification = m.make(ObjectType::Notification, 0);
    let [first, second] = [1, 2].map(|badge| m.mint(notification, CapRights::ALL, badge));
    user.send(1, first, 0, &[], &[]);
    user.send(2, second, 0, &[], &[]);
    let root = m.current();
    m.simple(Syscall::NBRecv, notification, &[]);
    assert_eq!(m.reply_of(root).badge, 3);
    assert_eq!([user.take(), user.take()].map(|taken| taken.unwrap().task), [1, 2]);
    assert_eq!(user.take(), None);
}

#[test]
fn a_request_that_fills_two_items_gets_one_completion() {
    let mut m = Machine::new();
    let mut user = User::new(&mut m, TCB);
    let (untyped, slot) = (m.big_untyped(), m.free_slot());
    let words = [ObjectType::Tcb as u64, 0, 0, 0, slot, 1];
    user.invoke(3, Invocation::UntypedRetype, untyped, &words, &[ROOT]);
    enter(&m);
    assert_eq!(user.take().unwrap().result(), Ok(()));
    assert!(matches!(m.cap(slot), Cap::Thread(_)));
    assert_eq!(user.read(rel4_abi::ring::CONSUMED), 2);
}

#[test]
fn many_requests_wrap_around() {
    let mut m = Machine::new();
    let mut user = User::new(&mut m, TCB);
    let frame = m.make(ObjectType::Page, 0);
    for round in 0..20 {
        for task in 0..CAPACITY / 2 {
            map(&mut user, round * 100 + 2 * task, frame, PAGE);
            user.invoke(round * 100 + 2 * task + 1, Invocation::RiscvPageUnmap, frame, &[], &[]);
        }
        enter(&m);
        for task in 0..CAPACITY {
            let completion = user.take().unwrap();
            assert_eq!((completion.task, completion.result()), (round * 100 + task, Ok(())));
        }
    }
}

#[test]
fn a_sleeping_thread_is_notified_once_and_wakes_at_once() {
    let mut m = Machine::new();
    let mut user = User::new(&mut m, TCB);
    let frame = m.make(ObjectType::Page, 0);
    let badged = m.mint(user.notification, CapRights::ALL, 4);
    unregister(&m, TCB).unwrap();
    register(&m, TCB, user.frame, badged, CAPACITY).unwrap();
    map(&mut user, 1, frame, PAGE);
    user.invoke(2, Invocation::RiscvPageUnmap, frame, &[], &[]);
    user.announce_asleep();
    let root = m.current();
    m.simple(Syscall::Recv, user.notification, &[]);
    assert_eq!((m.current(), root.state(), m.reply_of(root).badge), (root, ThreadState::Running, 4));
    assert!(user.take().is_some() && user.take().is_some());
    // Awake: nobody signals.
    map(&mut user, 3, frame, PAGE);
    m.simple(Syscall::NBRecv, user.notification, &[]);
    assert_eq!(m.reply_of(root).badge, 0);
    assert!(user.take().is_some());
}

#[test]
fn what_would_be_a_capability_fault_is_an_error() {
    let mut m = Machine::new();
    let (node, thread) = (m.make(ObjectType::CNode, 2), m.make_thread(1));
    let guard = CNodeCapData::fill(2).word();
    m.invoke(Invocation::TcbSetSpace, thread, &[0, guard, 0], &[node, SPACE]).unwrap();
    let mut other = User::new(&mut m, thread);
    m.invoke(Invocation::TcbSetPriority, thread, &[255], &[TCB]).unwrap();
    other.send(1, 0xffff_ffff, 0, &[], &[]);
    m.resume(thread);
    m.simple(Syscall::Yield, 0, &[]);
    enter(&m);
    let failure = LookupFailure::GuardMismatch { bits_left: 64, guard_found: 0, bits_found: 62 };
    let refused = InvocationError::FailedLookup { side: LookupSide::Source, failure };
    assert_eq!(other.take().unwrap().result(), Err(refused));
}

#[test]
fn calls_that_block_or_are_about_the_caller_are_refused() {
    let mut m = Machine::new();
    let mut user = User::new(&mut m, TCB);
    let endpoint = m.make(ObjectType::Endpoint, 0);
    let slot = m.free_slot();
    user.send(0, endpoint, 0, &[], &[]);
    user.invoke(1, Invocation::TcbSuspend, TCB, &[], &[]);
    user.invoke(2, Invocation::CNodeSaveCaller, ROOT, &[slot, 64], &[]);
    enter(&m);
    for task in 0..3 {
        let completion = user.take().unwrap();
        assert_eq!((completion.task, completion.result()), (task, Err(InvocationError::IllegalOperation)));
    }
    assert!(m.current().is_runnable());
}

#[test]
fn rings_need_a_frame_that_holds_them_and_a_notification_that_can_be_signalled() {
    let mut m = Machine::new();
    let (frame, notification) = (m.make(ObjectType::Page, 0), m.make(ObjectType::Notification, 0));
    let read_only = m.mint(frame, CapRights::READ, 0);
    let deaf = m.mint(notification, CapRights::READ, 0);
    let range = Err(InvocationError::RangeError { min: 1, max: 16 });
    for capacity in [0, 3, 17, 32, 1 << 63, u64::MAX] {
        assert_eq!(register(&m, TCB, frame, notification, capacity), range, "{capacity}");
    }
    let bad = |index| Err(InvocationError::InvalidCapability { index });
    assert_eq!(register(&m, TCB, read_only, notification, 16), bad(1));
    assert_eq!(register(&m, TCB, ROOT, notification, 16), bad(1));
    assert_eq!(register(&m, TCB, frame, deaf, 16), bad(2));
    assert_eq!(register(&m, TCB, frame, frame, 16), bad(2));
    assert_eq!(unregister(&m, TCB), Err(InvocationError::IllegalOperation));
    register(&m, TCB, frame, notification, 16).unwrap();
    assert_eq!(register(&m, TCB, frame, notification, 16), Err(InvocationError::IllegalOperation));
    unregister(&m, TCB).unwrap();
    let large = m.make(ObjectType::MegaPage, 0);
    register(&m, TCB, large, notification, 8192).unwrap();
}

#[test]
fn revoking_the_frame_or_the_notification_ends_the_registration() {
    for revoke_frame in [true, false] {
        let mut m = Machine::new();
        let mut user = User::new(&mut m, TCB);
        let frame = m.make(ObjectType::Page, 0);
        map(&mut user, 1, frame, PAGE);
        m.checks_each_entry = false;
        // The revocation enters the kernel, which first carries out what waits.
        m.revoke(if revoke_frame { user.frame } else { user.notification }).unwrap();
        assert!(user.take().is_some());
        user.invoke(2, Invocation::RiscvPageUnmap, frame, &[], &[]);
        enter(&m);
        assert_eq!(user.take(), None, "the registration has ended");
        let Cap::Frame(cap) = m.cap(frame) else { panic!() };
        assert!(cap.mapping.is_some());
        m.check_all();
        register(&m, TCB, user.frame, user.notification, CAPACITY).unwrap();
        m.check_all();
    }
}

#[test]
fn a_request_that_takes_its_own_rings_away_ends_quietly() {
    let mut m = Machine::new();
    let mut user = User::new(&mut m, TCB);
    let frame = m.make(ObjectType::Page, 0);
    user.invoke(1, Invocation::CNodeRevoke, ROOT, &[user.frame, 64], &[]);
    map(&mut user, 2, frame, PAGE);
    enter(&m);
    assert_eq!(user.take(), None);
    let Cap::Frame(cap) = m.cap(frame) else { panic!() };
    assert_eq!(cap.mapping, None, "the second request is not carried out");
    m.check_all();
}

#[test]
fn a_request_that_is_preempted_after_it_took_its_own_rings_away_leaves_their_memory_alone() {
    let mut m = Machine::new();
    let mut user = User::new(&mut m, TCB);
    // The rings' capability is the youngest descendant, which goes first; the interrupt comes before the copy goes.
    unregister(&m, TCB).unwrap();
    let copy = m.mint(user.frame, CapRights::ALL, 0);
    register(&m, TCB, user.frame, user.notification, CAPACITY).unwrap();
    user.invoke(1, Invocation::CNodeRevoke, ROOT, &[user.frame, 64], &[]);
    // The kernel would write its own index here, and never reads it back.
    user.write(rel4_abi::ring::CONSUMED, 77);
    m.preempt_soon();
    enter(&m);
    assert!(m.current().rings().is_none() && m.cap(copy) != Cap::Null, "it was preempted in between");
    assert_eq!(user.read(rel4_abi::ring::CONSUMED), 77);
    m.check_all();
}

#[test]
fn a_thread_that_deletes_itself_by_a_request_carries_out_no_other() {
    let mut m = Machine::new();
    let untyped = m.make(ObjectType::Untyped, 12);
    let thread = m.retype_from(untyped, ObjectType::Tcb, 0).unwrap();
    m.invoke(Invocation::TcbConfigure, thread, &[0, 0, 0, 0], &[ROOT, SPACE, 0]).unwrap();
    m.invoke(Invocation::TcbSetPriority, thread, &[255], &[TCB]).unwrap();
    let mut user = User::new(&mut m, thread);
    let slot = m.free_slot();
    user.invoke(1, Invocation::CNodeDelete, ROOT, &[thread, 64], &[]);
    user.invoke(
        2,
        Invocation::UntypedRetype,
        untyped,
        &[ObjectType::Untyped as u64, 12, 0, 0, slot, 1],
        &[ROOT],
    );
    let root = m.current();
    m.resume(thread);
    m.simple(Syscall::Yield, 0, &[]);
    assert_ne!(m.current(), root);
    enter(&m);
    assert_eq!(m.current(), root);
    assert_eq!((m.cap(thread), m.cap(slot)), (Cap::Null, Cap::Null));
    m.check_all();
    m.retype_from(untyped, ObjectType::Untyped, 12).unwrap();
    m.check_all();
}

#[test]
fn an_interrupt_stops_the_work_between_two_requests_and_the_trap_is_taken_again() {
    let mut m = Machine::new();
    let mut user = User::new(&mut m, TCB);
    let notification = m.make(ObjectType::Notification, 0);
    let [first, second] = [1, 2].map(|badge| m.mint(notification, CapRights::ALL, badge));
    user.send(1, first, 0, &[], &[]);
    user.send(2, second, 0, &[], &[]);
    let root = m.current();
    crate::arch::set_interrupt_pending(true);
    m.simple(Syscall::NBRecv, notification, &[]);
    assert!(user.take().is_some() && user.take().is_none());
    assert_eq!(root.context.next_pc.get(), root.context.fault_pc.get(), "it makes the call again");
    m.simple(Syscall::NBRecv, notification, &[]);
    assert_eq!((m.reply_of(root).badge, user.take().map(|taken| taken.task)), (3, Some(2)));
}

#[test]
fn a_thread_of_higher_priority_that_a_request_wakes_runs_before_the_rest() {
    let mut m = Machine::new();
    let mut user = User::new(&mut m, TCB);
    m.invoke(Invocation::TcbSetMcPriority, TCB, &[255], &[TCB]).unwrap();
    let (notification, other) = (m.make(ObjectType::Notification, 0), m.make(ObjectType::Notification, 0));
    let thread = m.make_thread(255);
    m.invoke(Invocation::TcbSetPriority, TCB, &[100], &[TCB]).unwrap();
    m.resume(thread);
    let high = m.current();
    m.simple(Syscall::Recv, notification, &[]);
    assert_ne!(m.current(), high);
    user.send(1, notification, 0, &[], &[]);
    user.send(2, other, 0, &[], &[]);
    enter(&m);
    assert_eq!(m.current(), high);
    assert!(user.take().is_some() && user.take().is_none());
}
