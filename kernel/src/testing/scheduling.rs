//! Who runs next.

use rel4_abi::{InitialSlot, Invocation, InvocationError, Syscall};

use super::Machine;
use crate::cap::Cap;
use crate::config::TIME_SLICE_TICKS;
use crate::object::ThreadState;

#[test]
fn a_woken_thread_of_higher_priority_runs_at_once_and_a_lower_one_does_not() {
    let mut m = Machine::new();
    let root = m.current();
    let (low, same) = (m.make_thread(1), m.make_thread(255));
    m.resume(low);
    assert_eq!(m.current(), root);
    m.resume(same);
    assert_eq!(m.current(), root, "an equal thread waits for its turn");
    m.simple(Syscall::Yield, 0, &[]);
    assert_eq!(m.current(), m.thread(same));
}

#[test]
fn equal_threads_take_turns_when_their_slices_are_used_up() {
    let mut m = Machine::new();
    let root = m.current();
    let other = m.make_thread(255);
    let other = m.thread(other);
    m.simple(Syscall::Yield, 0, &[]);
    crate::object::tcb::restart(m.k, other);
    crate::sched::schedule(m.k);
    for turn in [root, other, root, other] {
        assert_eq!(m.current(), turn);
        for _ in 0..TIME_SLICE_TICKS {
            m.tick();
        }
    }
}

#[test]
fn with_no_thread_to_run_the_idle_thread_is_current_until_a_wake_up() {
    let m = Machine::new();
    let root = m.current();
    crate::object::tcb::suspend(m.k, root);
    crate::sched::schedule(m.k);
    assert_eq!(m.current(), m.k.hart().idle());
    crate::object::tcb::restart(m.k, root);
    crate::sched::schedule(m.k);
    crate::sched::activate(m.k);
    assert_eq!((m.current(), root.state()), (root, ThreadState::Running));
}

#[test]
fn nobody_gives_away_more_priority_than_his_maximum() {
    let mut m = Machine::new();
    let (thread, authority) = (m.make_thread(1), m.make_thread(1));
    m.invoke(Invocation::TcbSetMcPriority, authority, &[50], &[InitialSlot::Tcb as u64]).unwrap();
    let set = |priority| m.invoke(Invocation::TcbSetPriority, thread, &[priority], &[authority]);
    assert_eq!(set(51), Err(InvocationError::RangeError { min: 0, max: 50 }));
    assert_eq!(set(u64::MAX), Err(InvocationError::RangeError { min: 0, max: 50 }));
    assert_eq!(set(256), Err(InvocationError::RangeError { min: 0, max: 50 }));
    assert!(set(50).is_ok());
}

/// Stops the root task; returns in which order the threads then run.
fn order_after_root(m: &Machine, threads: [u64; 3]) -> Vec<usize> {
    let tcbs = threads.map(|thread| m.thread(thread));
    crate::object::tcb::suspend(m.k, m.current());
    crate::sched::schedule(m.k);
    let mut order = Vec::new();
    while let Some(index) = tcbs.iter().position(|&tcb| tcb == m.current()) {
        order.push(index);
        crate::object::tcb::suspend(m.k, m.current());
        crate::sched::schedule(m.k);
    }
    order
}

/// Three threads of one priority are resumed one after the other.
fn order_of_resumed(priority: u64) -> Vec<usize> {
    let mut m = Machine::new();
    let threads = [(); 3].map(|()| m.make_thread(priority));
    for thread in threads {
        m.resume(thread);
    }
    order_after_root(&m, threads)
}

#[test]
fn resumed_threads_run_in_reverse_order() {
    assert_eq!((order_of_resumed(255), order_of_resumed(10)), (vec![2, 1, 0], vec![2, 1, 0]));
}

/// Three threads of one priority wait, each for its own notification, and are signalled one after the other.
fn order_of_signalled(priority: u64) -> Vec<usize> {
    let mut m = Machine::new();
    let root = m.current();
    let notifications = [(); 3].map(|()| m.make(rel4_abi::ObjectType::Notification, 0));
    let threads = [(); 3].map(|()| m.make_thread(priority));
    for (thread, notification) in threads.into_iter().zip(notifications) {
        let (thread, Cap::Notification(cap)) = (m.thread(thread), m.cap(notification)) else { panic!() };
        cap.notification.wait(m.k, thread);
    }
    for notification in notifications {
        m.simple(Syscall::Send, notification, &[]);
        assert_eq!(m.current(), root);
    }
    order_after_root(&m, threads)
}

#[test]
fn signalled_equals_run_in_order_and_signalled_lower_ones_in_reverse() {
    assert_eq!(order_of_signalled(255), [0, 1, 2]);
    assert_eq!(order_of_signalled(10), [2, 1, 0]);
}

#[test]
fn a_thread_lowers_its_own_priority_and_makes_room() {
    let mut m = Machine::new();
    let (root, other) = (m.current(), m.make_thread(200));
    m.resume(other);
    let own = InitialSlot::Tcb as u64;
    m.invoke(Invocation::TcbSetPriority, own, &[200], &[own]).unwrap();
    assert_eq!(m.current(), root, "at the head of its new queue");
    m.invoke(Invocation::TcbSetPriority, own, &[199], &[own]).unwrap();
    assert_eq!(m.current(), m.thread(other));
}

#[test]
fn a_yield_does_not_refill_the_time_slice() {
    let mut m = Machine::new();
    let (root, other) = (m.current(), m.make_thread(255));
    m.tick();
    m.resume(other);
    m.simple(Syscall::Yield, 0, &[]);
    assert_eq!(root.time_slice.get(), TIME_SLICE_TICKS - 1);
}
