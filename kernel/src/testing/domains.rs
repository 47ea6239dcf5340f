//! Domains: who runs when. A kernel for one domain has nothing of this; `REL4_NUM_DOMAINS` builds one for several.

use rel4_abi::{InitialSlot, Invocation, InvocationError};

use super::Machine;
use crate::config::{NUM_DOMAIN_SCHEDULES, NUM_DOMAINS};

const DOMAIN: u64 = InitialSlot::Domain as u64;
const TCB: u64 = InitialSlot::Tcb as u64;

fn configure(m: &Machine, index: u64, domain: u64, ticks: u64) -> Result<(), InvocationError> {
    m.invoke(Invocation::DomainScheduleConfigure, DOMAIN, &[index, domain, ticks], &[]).map(drop)
}

fn set_start(m: &Machine, index: u64) -> Result<(), InvocationError> {
    m.invoke(Invocation::DomainScheduleSetStart, DOMAIN, &[index], &[]).map(drop)
}

fn set_domain(m: &Machine, thread: u64, domain: u64) -> Result<(), InvocationError> {
    m.invoke(Invocation::DomainSetSet, DOMAIN, &[domain], &[thread]).map(drop)
}

#[test]
fn an_entry_without_time_is_the_end_and_has_no_domain() {
    let m = Machine::new();
    assert_eq!(configure(&m, 1, 1, 0), Err(InvocationError::InvalidArgument { index: 1 }));
    assert_eq!(configure(&m, 1, 0, 0), Ok(()));
    assert_eq!(set_start(&m, 1), Err(InvocationError::InvalidArgument { index: 0 }));
    assert_eq!(
        configure(&m, 1, NUM_DOMAINS as u64, 1),
        Err(InvocationError::RangeError { min: 0, max: NUM_DOMAINS as u64 - 1 })
    );
    let last = NUM_DOMAIN_SCHEDULES as u64 - 1;
    assert_eq!(
        configure(&m, last, 0, 1),
        Err(InvocationError::RangeError { min: 0, max: last - 1 }),
        "the last one ends it"
    );
    assert_eq!(set_domain(&m, TCB, NUM_DOMAINS as u64), Err(InvocationError::InvalidArgument { index: 0 }));
}

#[test]
fn each_domain_runs_for_its_time_and_then_the_schedule_starts_over() {
    let mut m = Machine::new();
    let root = m.current();
    let other = m.make_thread(1);
    set_domain(&m, other, 1).unwrap();
    m.resume(other);
    let other = m.thread(other);
    configure(&m, 1, 1, 2).unwrap();
    configure(&m, 0, 0, 3).unwrap();
    // What is configured counts from when it is next entered.
    set_start(&m, 0).unwrap();
    for round in 0..3 {
        for (thread, ticks) in [(root, 3), (other, 2)] {
            for tick in 0..ticks {
                assert!(m.current() == thread, "round {round}, tick {tick}");
                m.tick();
            }
        }
    }
}

#[test]
fn a_domain_without_threads_idles() {
    let m = Machine::new();
    configure(&m, 1, 1, 1).unwrap();
    configure(&m, 0, 0, 1).unwrap();
    set_start(&m, 0).unwrap();
    let root = m.current();
    m.tick();
    assert!(m.current() == m.k.hart().idle());
    m.tick();
    assert!(m.current() == root);
}

#[test]
fn a_thread_of_another_domain_is_woken_but_does_not_run_before_its_time() {
    let mut m = Machine::new();
    let root = m.current();
    let other = m.make_thread(255);
    set_domain(&m, other, 1).unwrap();
    m.resume(other);
    m.simple(rel4_abi::Syscall::Yield, 0, &[]);
    assert!(m.current() == root);
    configure(&m, 1, 1, 1).unwrap();
    set_start(&m, 1).unwrap();
    assert!(m.current() == m.thread(other));
}

#[test]
fn moving_the_caller_to_another_domain_stops_it_at_once() {
    let mut m = Machine::new();
    let (root, other) = (m.current(), m.make_thread(1));
    m.resume(other);
    set_domain(&m, TCB, 1).unwrap();
    assert!(m.current() == m.thread(other) && root.queued.get());
}

#[test]
fn a_thread_moved_into_the_running_domain_does_not_preempt_but_goes_first_when_another_is_woken() {
    for woken_priority in [50, 100] {
        let mut m = Machine::new();
        let (root, high, woken) = (m.current(), m.make_thread(200), m.make_thread(woken_priority));
        m.invoke(Invocation::TcbSetPriority, TCB, &[100], &[TCB]).unwrap();
        set_domain(&m, high, 1).unwrap();
        m.resume(high);
        set_domain(&m, high, 0).unwrap();
        assert!(m.current() == root);
        m.resume(woken);
        assert!(m.current() == m.thread(high), "{woken_priority}");
    }
}
