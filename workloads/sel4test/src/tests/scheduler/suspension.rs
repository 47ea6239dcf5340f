//! Stopping threads and letting them go on.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rel4_abi::CPtr;
use rel4_runtime::cap::Tcb;

use super::{STEPS, step};
use crate::cspace;
use crate::env::Env;
use crate::report::Outcome;

pub(super) fn resume_self(_env: &mut Env) -> Outcome {
    check_eq!(cspace::TCB.resume(), Ok(()));
    Ok(())
}

/// Two threads of one priority share the processor by time; a third below them can run only once both are suspended.
pub(super) fn others(env: &mut Env) -> Outcome {
    static OTHER_RAN: AtomicBool = AtomicBool::new(false);
    const PRIORITY: u64 = 101;
    /// The step of the thread below, after which the other one goes on.
    const RESUMING: u64 = 2;

    fn suspend_both([other, own, ..]: [u64; 4]) -> Outcome<u64> {
        step(0);
        while !OTHER_RAN.load(Ordering::Relaxed) {
            core::hint::spin_loop();
        }
        Tcb(CPtr(other)).suspend()?;
        step(1);
        Tcb(CPtr(own)).suspend()?;
        Ok(0)
    }
    fn be_suspended(_: [u64; 4]) -> Outcome<u64> {
        OTHER_RAN.store(true, Ordering::Relaxed);
        while STEPS.load(Ordering::Relaxed) <= RESUMING {
            core::hint::spin_loop();
        }
        step(RESUMING + 1);
        Ok(0)
    }
    fn resume_from_below([other, ..]: [u64; 4]) -> Outcome<u64> {
        step(RESUMING);
        Tcb(CPtr(other)).resume()?;
        step(RESUMING + 2);
        Ok(0)
    }
    let (suspender, other, below) = (env.thread()?, env.thread()?, env.thread()?);
    suspender.set_priority(PRIORITY)?;
    other.set_priority(PRIORITY)?;
    below.set_priority(PRIORITY - 1)?;
    let word_of = |tcb: Tcb| tcb.0.word();
    // Resumed last is first in the queue.
    below.start(resume_from_below, [word_of(other.tcb()), 0, 0, 0])?;
    other.start(be_suspended, [0; 4])?;
    suspender.start(suspend_both, [word_of(other.tcb()), word_of(suspender.tcb()), 0, 0])?;
    other.join()?;
    below.join()?;
    check_eq!(STEPS.load(Ordering::Relaxed), RESUMING + 3);
    Ok(())
}

/// A thread counts while the test waits for alarms.
pub(super) fn standing_still(env: &mut Env) -> Outcome {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    const WAIT_NS: u64 = 1_000_000;

    fn count(_: [u64; 4]) -> Outcome<u64> {
        loop {
            COUNT.fetch_add(1, Ordering::Relaxed);
        }
    }
    let (timer, helper) = (env.timer()?, env.thread()?);
    let count_after_a_while = || -> Outcome<u64> {
        timer.sleep(WAIT_NS)?;
        Ok(COUNT.load(Ordering::Relaxed))
    };
    helper.start(count, [0; 4])?;
    let first = count_after_a_while()?;
    check!(first > 0);
    check!(count_after_a_while()? > first);
    helper.tcb().suspend()?;
    let standing = COUNT.load(Ordering::Relaxed);
    check_eq!(count_after_a_while()?, standing);
    check_eq!(count_after_a_while()?, standing);
    helper.tcb().resume()?;
    check!(count_after_a_while()? > standing);
    Ok(())
}
