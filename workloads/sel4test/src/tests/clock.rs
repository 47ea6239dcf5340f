//! The machine's clock, and the interrupts that its alarm makes.

use core::sync::atomic::{AtomicU64, Ordering};

use rel4_runtime::cap::Notification;

use crate::cspace;
use crate::env::Env;
use crate::report::Outcome;
use crate::test::{Need, Test, basic};

pub(super) const TESTS: &[Test] = &[
    basic("FPU0002", "floating-point registers survive alarms and moves between cores", float_and_alarms)
        .needing(Need::Timer),
    basic("INTERRUPT0001", "every alarm is signalled once", alarms).needing(Need::Timer),
    basic("TIMER0001", "an alarm does not come before its time", not_too_early).needing(Need::Timer),
    basic("TIMER0002", "time never goes back", forwards).needing(Need::Timer),
    basic("REL4_INTERRUPT0001", "an interrupt signals the last notification that was set, or none", handlers)
        .needing(Need::Timer),
];

const PERIOD_NS: u64 = 1_000_000;
const ALARMS: usize = 10;
/// Badge of the notification.
const BADGE: u64 = 0b100;
const NOTHING: u64 = 0;

fn alarms(env: &mut Env) -> Outcome {
    let timer = env.timer_with_badge(BADGE)?;
    for _ in 0..ALARMS {
        check_eq!(timer.notification().poll(), NOTHING);
        timer.set_alarm(timer.now_ns() + PERIOD_NS);
        check_eq!(timer.wait()?, BADGE);
    }
    check_eq!(timer.notification().poll(), NOTHING);
    Ok(())
}

fn not_too_early(env: &mut Env) -> Outcome {
    let timer = env.timer()?;
    for periods in 1..=ALARMS as u64 {
        let alarm = timer.now_ns() + periods * PERIOD_NS;
        timer.set_alarm(alarm);
        timer.wait()?;
        check!(timer.now_ns() >= alarm);
    }
    Ok(())
}

fn forwards(env: &mut Env) -> Outcome {
    const READS: usize = 1000;
    let timer = env.timer()?;
    let start = timer.now_ns();
    let mut last = start;
    for _ in 0..READS {
        let now = timer.now_ns();
        require!(now >= last);
        last = now;
    }
    timer.sleep(PERIOD_NS)?;
    check!(timer.now_ns() >= start + PERIOD_NS);
    Ok(())
}

fn handlers(env: &mut Env) -> Outcome {
    const OTHER_BADGE: u64 = 0b1000;
    let timer = env.timer_with_badge(BADGE)?;
    let original = env.notification()?;
    let other = Notification(env.badged(original.0, OTHER_BADGE)?);
    let bouncer = env.bouncer(0)?;

    // The one that is set later gets the signal.
    cspace::TIMER_IRQ.set_notification(other)?;
    timer.set_alarm(0);
    check_eq!(original.wait(), OTHER_BADGE);
    timer.acknowledge()?;
    check_eq!(timer.notification().poll(), NOTHING);

    // With none, the interrupt is lost.
    cspace::TIMER_IRQ.clear()?;
    timer.set_alarm(0);
    bouncer.let_others_run();
    check_eq!([original.poll(), timer.notification().poll()], [NOTHING; 2]);
    timer.acknowledge()?;

    // Revoking the notification takes it away from the interrupt as well.
    cspace::TIMER_IRQ.set_notification(other)?;
    cspace::slot(original.0).revoke()?;
    timer.set_alarm(0);
    bouncer.let_others_run();
    check_eq!(original.poll(), NOTHING);
    timer.acknowledge()?;

    cspace::TIMER_IRQ.set_notification(timer.notification())?;
    timer.set_alarm(0);
    check_eq!(timer.wait()?, BADGE);
    Ok(())
}

/// A thread computes while it is interrupted, and moved if there is somewhere to move it to.
fn float_and_alarms(env: &mut Env) -> Outcome {
    const MAX_ALARMS: u64 = 200;
    static ENOUGH: AtomicU64 = AtomicU64::new(0);
    /// One round of a computation whose state is in floating-point registers.
    fn round() -> u64 {
        let mut state = [1.0_f64, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        for step in 0..10_000_u32 {
            for (index, value) in state.iter_mut().enumerate() {
                *value = *value * 0.999 + f64::from(step) / (index as f64 + 1.5);
            }
        }
        state.iter().fold(0, |bits: u64, value| bits.rotate_left(7) ^ value.to_bits())
    }
    fn compute([expected, ..]: [u64; 4]) -> Outcome<u64> {
        let mut rounds = 0;
        while ENOUGH.load(Ordering::Relaxed) == 0 {
            require_eq!(round(), expected);
            rounds += 1;
        }
        Ok(rounds)
    }
    let timer = env.timer()?;
    let helper = env.thread()?;
    helper.start(compute, [round(), 0, 0, 0])?;
    for alarm in 1..=MAX_ALARMS {
        timer.sleep(PERIOD_NS / 10)?;
        // The test itself has other values in the same registers.
        let _other = core::hint::black_box(core::hint::black_box(alarm as f64) * 0.5);
        if env.machine.num_nodes > 1 {
            helper.tcb().set_affinity(alarm % env.machine.num_nodes)?;
        }
    }
    ENOUGH.store(1, Ordering::Relaxed);
    check!(helper.join()? > 0);
    Ok(())
}
