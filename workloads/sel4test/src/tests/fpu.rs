//! The floating-point unit, which threads share.

use core::hint::black_box;
use core::sync::atomic::{AtomicU64, Ordering};

use rel4_abi::FaultMessage;
use rel4_abi::tcb::FLAG_FPU_DISABLED;
use rel4_runtime::arch as system;
use rel4_runtime::cap::Endpoint;

use crate::env::Env;
use crate::message;
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(super) const TESTS: &[Test] = &[
    basic("FPU0000", "user code computes with floating-point numbers", compute_here),
    basic("FPU0001", "threads that interrupt each other keep their numbers", preempted),
    basic("FPU0003", "switching the unit off and on for a thread", flags),
    basic("FPU0004", "a thread without the unit faults and goes on once it has it", fault_without_unit),
];

/// A computation whose every step depends on all before it, in numbers that are not exact; `between` is done after
/// each step. Its value as bits.
fn compute(steps: u64, mut between: impl FnMut()) -> u64 {
    let [mut x, mut y, mut z] = black_box([1.0_f64, 0.7, -0.3]);
    let [factor, offset] = black_box([1.000_000_1_f64, 1e-7]);
    for _ in 0..steps {
        x = x * factor + offset * z;
        y = y * factor - offset * x;
        z = (z + y * offset) * (2.0 - factor);
        between();
    }
    (x + 3.0 * y + 7.0 * z).to_bits()
}

fn compute_here(_env: &mut Env) -> Outcome {
    const STEPS: u32 = 100;
    // Small integers are exact in floating point, so integer arithmetic knows the result.
    let [mut number, factor, offset] = black_box([1.0_f64, 3.0, 5.0]);
    let mut expected = 1_u64;
    for _ in 0..STEPS {
        number = number * factor + offset;
        expected = expected * 3 + 5;
        while expected >= 1 << 40 {
            number -= (1_u64 << 40) as f64;
            expected -= 1 << 40;
        }
    }
    check_eq!(number.to_bits(), (expected as f64).to_bits());
    check!(number != 0.0);
    Ok(())
}

fn preempted(env: &mut Env) -> Outcome {
    const HELPERS: usize = 4;
    const PRIORITY: u64 = 100;
    const ENOUGH_PREEMPTIONS: u64 = 20;
    const FIRST_STEPS: u64 = 100_000;
    static RUNNING: AtomicU64 = AtomicU64::new(0);
    static PREEMPTIONS: AtomicU64 = AtomicU64::new(0);
    fn compute_and_count([number, steps, ..]: [u64; 4]) -> Outcome<u64> {
        let mut first = true;
        Ok(compute(steps, || {
            let others = RUNNING.load(Ordering::Relaxed) != number;
            if others {
                RUNNING.store(number, Ordering::Relaxed);
                PREEMPTIONS.fetch_add(u64::from(!first), Ordering::Relaxed);
            }
            first = false;
        }))
    }
    let mut helpers = core::array::from_fn::<_, HELPERS, _>(|_| None);
    for helper in &mut helpers {
        let thread = env.thread()?;
        thread.set_priority(PRIORITY)?;
        *helper = Some(thread);
    }
    let mut steps = FIRST_STEPS;
    while PREEMPTIONS.load(Ordering::Relaxed) < ENOUGH_PREEMPTIONS {
        for (number, helper) in (1..).zip(helpers.iter().flatten()) {
            helper.start(compute_and_count, [number, steps, 0, 0])?;
        }
        let expected = compute(steps, || {});
        for helper in helpers.iter().flatten() {
            require_eq!(helper.join()?, expected);
        }
        steps *= 2;
    }
    Ok(())
}

fn flags(env: &mut Env) -> Outcome {
    let thread = env.thread()?.tcb();
    check_eq!(thread.set_flags(0, 0), Ok(0));
    check_eq!(thread.set_flags(0, FLAG_FPU_DISABLED), Ok(FLAG_FPU_DISABLED));
    check_eq!(thread.set_flags(FLAG_FPU_DISABLED, 0), Ok(0));
    Ok(())
}

fn fault_without_unit(env: &mut Env) -> Outcome {
    const STEPS: u64 = 1000;
    const HALF: u64 = STEPS / 2;
    /// Tells when it is half way.
    fn compute_in_halves([half_way, ..]: [u64; 4]) -> Outcome<u64> {
        let mut step = 0;
        Ok(compute(STEPS, || {
            step += 1;
            if step == HALF {
                Endpoint(rel4_abi::CPtr(half_way)).send(0, []);
            }
        }))
    }
    let (handler, half_way) = (env.endpoint()?, env.endpoint()?);
    let helper = env.thread()?;
    helper.set_fault_handler(handler.0)?;
    helper.start(compute_in_halves, [half_way.0.word(), 0, 0, 0])?;
    check_eq!(half_way.recv().info.length(), 0);
    let thread = helper.tcb();
    check_eq!(thread.set_flags(0, FLAG_FPU_DISABLED), Ok(FLAG_FPU_DISABLED));
    let fault = message::fault(&handler.recv());
    const ILLEGAL_INSTRUCTION: u64 = 2;
    require!(matches!(fault, Some(FaultMessage::UserException { number: ILLEGAL_INSTRUCTION, code: 0, .. })));
    check_eq!(thread.set_flags(FLAG_FPU_DISABLED, 0), Ok(0));
    let (info, registers) = message::prepare(0, 0, |_| 0);
    system::reply(info, registers);
    check_eq!(helper.join()?, compute(STEPS, || {}));
    Ok(())
}
