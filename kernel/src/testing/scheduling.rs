//! Who runs next.

use rel4_abi::{InitialSlot, Invocation, InvocationError, Syscall};

use super::Machine;
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
