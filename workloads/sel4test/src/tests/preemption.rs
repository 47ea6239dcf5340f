//! Long operations of the kernel, which an interrupt interrupts.

use core::sync::atomic::{AtomicU64, Ordering};

use rel4_abi::{CPtr, CapRights};

use crate::cspace;
use crate::env::{Env, is_empty};
use crate::report::Outcome;
use crate::test::{Need, Test, basic};

pub(super) const TESTS: &[Test] =
    &[basic("PREEMPT_REVOKE", "a long Revoke lets more important threads run", revoke).needing(Need::Timer)];

/// What the revoking thread is doing.
static PHASE: AtomicU64 = AtomicU64::new(BEFORE);
const BEFORE: u64 = 0;
const WITHIN: u64 = 1;
const AFTER: u64 = 2;

/// Alarms during one Revoke that show that it is interrupted, not just delayed.
const ENOUGH: usize = 5;
const PERIOD_NS: u64 = 200_000;

fn revoke(env: &mut Env) -> Outcome {
    const MIN_COPIES_LOG2: u32 = 11;
    const MAX_COPIES_LOG2: u32 = 16;
    fn revoke_once([original, ..]: [u64; 4]) -> Outcome<u64> {
        PHASE.store(WITHIN, Ordering::Relaxed);
        cspace::slot(CPtr(original)).revoke()?;
        PHASE.store(AFTER, Ordering::Relaxed);
        Ok(0)
    }
    let (timer, helper, original) = (env.timer()?, env.thread()?, env.endpoint()?);
    let slots = env.resources.take_slots(1 << MAX_COPIES_LOG2)?;
    let mut interruptions = 0;
    for copies in (MIN_COPIES_LOG2..=MAX_COPIES_LOG2).map(|log2| 1 << log2) {
        let copied = || (slots.start..).take(copies).map(CPtr).map(cspace::slot);
        for slot in copied() {
            slot.copy_from(cspace::slot(original.0), CapRights::ALL)?;
        }
        PHASE.store(BEFORE, Ordering::Relaxed);
        helper.start(revoke_once, [original.0.word(), 0, 0, 0])?;
        interruptions = 0;
        loop {
            timer.sleep(PERIOD_NS)?;
            match PHASE.load(Ordering::Relaxed) {
                AFTER => break,
                phase => interruptions += usize::from(phase == WITHIN),
            }
        }
        helper.join()?;
        for slot in copied() {
            require_eq!(is_empty(slot), Ok(true));
        }
        if interruptions >= ENOUGH {
            break;
        }
    }
    check!(interruptions >= ENOUGH);
    check_eq!(is_empty(cspace::slot(original.0)), Ok(false));
    Ok(())
}
