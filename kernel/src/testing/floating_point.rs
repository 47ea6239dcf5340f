//! Floating-point registers belong to threads, whichever hart they run on.

use rel4_abi::{InitialSlot, Invocation, Syscall};

use super::Machine;
use crate::arch;
use crate::trap::Cause;

/// The current thread executes a floating-point instruction; an exchange of registers may come first.
fn use_fpu(m: &Machine) -> [u64; 33] {
    if arch::fpu_words().is_none() {
        m.trap(Cause::Exception(2));
    }
    arch::fpu_words().expect("the kernel switched the unit on")
}

fn fill(m: &Machine, value: u64) {
    use_fpu(m);
    arch::fill_fpu(value);
}

/// A machine in which the root task and another thread of its priority take turns.
fn two_threads() -> (Machine, u64) {
    let mut m = Machine::new();
    let other = m.make_thread(255);
    m.resume(other);
    (m, other)
}

fn take_turns(m: &Machine) {
    let before = m.current();
    m.simple(Syscall::Yield, 0, &[]);
    assert!(m.current() != before);
}

#[test]
fn a_new_thread_has_zeros_and_nothing_of_its_predecessor() {
    let (m, _) = two_threads();
    fill(&m, 1);
    take_turns(&m);
    assert_eq!(arch::fpu_words(), None, "the first instruction traps");
    assert_eq!(use_fpu(&m), [0; 33]);
}

#[test]
fn every_thread_finds_its_own_registers_again() {
    let (m, _) = two_threads();
    fill(&m, 1);
    take_turns(&m);
    fill(&m, 2);
    for value in [1, 2, 1] {
        take_turns(&m);
        assert_eq!(use_fpu(&m), [value; 33]);
    }
}

#[test]
fn a_thread_that_uses_none_leaves_the_registers_where_they_are() {
    let (m, _) = two_threads();
    fill(&m, 1);
    take_turns(&m);
    take_turns(&m);
    assert_eq!(arch::fpu_words(), Some([1; 33]), "without a trap");
}

#[test]
fn two_threads_that_keep_using_theirs_trap_once_each() {
    let (m, _) = two_threads();
    fill(&m, 1);
    take_turns(&m);
    fill(&m, 2);
    for value in [1, 2, 1] {
        take_turns(&m);
        assert_eq!(arch::fpu_words(), Some([value; 33]), "without a trap");
        arch::fill_fpu(value);
    }
}

#[test]
fn a_thread_that_stops_using_its_registers_does_not_get_them_for_nothing() {
    let (m, _) = two_threads();
    fill(&m, 1);
    take_turns(&m);
    fill(&m, 2);
    take_turns(&m);
    take_turns(&m);
    arch::fill_fpu(2);
    take_turns(&m);
    assert_eq!(arch::fpu_words(), None, "the last time it did not use them");
    assert_eq!(use_fpu(&m), [1; 33]);
}

#[test]
fn a_disabled_unit_is_not_switched_on_with_the_thread() {
    const DISABLED: u64 = 1;
    let tcb = InitialSlot::Tcb as u64;
    let (m, _) = two_threads();
    fill(&m, 1);
    take_turns(&m);
    fill(&m, 2);
    m.thread(tcb).flags.set(DISABLED);
    take_turns(&m);
    assert_eq!(arch::fpu_words(), None);
    m.invoke(Invocation::TcbSetFlags, tcb, &[DISABLED, 0], &[]).unwrap();
    assert_eq!(use_fpu(&m), [1; 33]);
}

#[test]
fn a_disabled_unit_faults_and_keeps_the_registers() {
    const DISABLED: u64 = 1;
    let tcb = InitialSlot::Tcb as u64;
    let m = Machine::new();
    fill(&m, 7);
    m.invoke(Invocation::TcbSetFlags, tcb, &[0, DISABLED], &[]).unwrap();
    assert_eq!(arch::fpu_words(), None);
    assert!(!arch::handle_exception(m.k, 2), "the thread's own fault");
    m.invoke(Invocation::TcbSetFlags, tcb, &[DISABLED, 0], &[]).unwrap();
    assert_eq!(use_fpu(&m), [7; 33]);
}

#[test]
fn an_illegal_instruction_is_taken_for_floating_point_once_at_most() {
    let m = Machine::new();
    assert!(arch::handle_exception(m.k, 2));
    assert!(!arch::handle_exception(m.k, 2), "the unit is on: it must have been something else");
}

#[test]
fn the_registers_of_a_dead_thread_are_nobodys() {
    let (m, other) = two_threads();
    take_turns(&m);
    fill(&m, 5);
    take_turns(&m);
    m.delete(other).unwrap();
    assert_eq!(arch::fpu_owner(m.k, 0), None);
    assert_eq!(use_fpu(&m), [0; 33]);
}
