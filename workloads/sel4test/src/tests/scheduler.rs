//! Which thread runs.

use core::sync::atomic::{AtomicU64, Ordering};

use rel4_runtime::arch;

use crate::cspace;
use crate::env::{Env, PRIORITY};
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(super) const TESTS: &[Test] = &[
    basic("SCHED0002", "resuming oneself changes nothing", resume_self),
    basic("SCHED0020", "raising a thread above the own priority lets it run at once", raise_helper),
];

fn resume_self(_env: &mut Env) -> Outcome {
    check_eq!(cspace::TCB.resume(), Ok(()));
    Ok(())
}

fn raise_helper(env: &mut Env) -> Outcome {
    static STATE: AtomicU64 = AtomicU64::new(0);
    fn advance(_: [u64; 4]) -> Outcome<u64> {
        // Lets the test go on before anything is done.
        arch::yield_now();
        STATE.store(1, Ordering::Relaxed);
        arch::yield_now();
        STATE.store(2, Ordering::Relaxed);
        Ok(0)
    }
    let helper = env.thread()?;
    cspace::TCB.set_priority(cspace::TCB, PRIORITY - 1)?;
    helper.set_priority(PRIORITY - 1)?;
    helper.start(advance, [0; 4])?;
    check_eq!(STATE.load(Ordering::Relaxed), 0);
    helper.set_priority(PRIORITY)?;
    check_eq!(STATE.load(Ordering::Relaxed), 2);
    helper.join()?;
    Ok(())
}
