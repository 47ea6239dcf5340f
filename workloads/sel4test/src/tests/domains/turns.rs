//! Threads of several domains, whose turns come and go while the test sleeps.

use core::sync::atomic::{AtomicU64, Ordering};

use rel4_runtime::arch;

use super::TURN_TICKS;
use crate::cspace;
use crate::env::{Env, Helper, Timer};
use crate::report::Outcome;
use crate::schedule::{self, Turn};

/// Domains that the tests use, of those that there are.
const DOMAINS: usize = 4;
/// More than all domains' turns together are likely to take.
const ROUND_NS: u64 = 20_000_000;
/// Rounds after which a domain without a turn has none.
const MAX_ROUNDS: usize = 50;
/// Below the test, so that it goes on as soon as it can.
const HELPER_PRIORITY: u64 = 100;

/// Makes every domain take its turn; how many there are.
fn take_turns(env: &Env) -> Outcome<usize> {
    let domains = DOMAINS.min(env.machine.domains as usize);
    let turns: [Turn; DOMAINS] = core::array::from_fn(|domain| (domain as u64, TURN_TICKS));
    schedule::set(&turns[..domains])?;
    Ok(domains)
}

/// A thread in `domain`, which does not run yet.
fn thread_in(env: &mut Env, domain: usize) -> Outcome<Helper> {
    let helper = env.thread()?;
    helper.set_priority(HELPER_PRIORITY)?;
    cspace::DOMAIN.set(domain as u64, helper.tcb())?;
    Ok(helper)
}

/// A thread in each domain counts. When only the test's domain has turns, the others stand still.
pub(super) fn only_in_turn(env: &mut Env) -> Outcome {
    static COUNTS: [AtomicU64; DOMAINS] = [const { AtomicU64::new(0) }; DOMAINS];
    fn count([domain, ..]: [u64; 4]) -> Outcome<u64> {
        loop {
            COUNTS[domain as usize].fetch_add(1, Ordering::Relaxed);
        }
    }
    fn counts() -> [u64; DOMAINS] {
        core::array::from_fn(|domain| COUNTS[domain].load(Ordering::Relaxed))
    }
    /// Sleeps until all of the first `domains` have counted further than `before`; whether they did.
    fn all_go_on(timer: Timer, domains: usize, before: [u64; DOMAINS]) -> Outcome<bool> {
        for _ in 0..MAX_ROUNDS {
            timer.sleep(ROUND_NS)?;
            let now = counts();
            if (0..domains).all(|domain| now[domain] > before[domain]) {
                return Ok(true);
            }
        }
        Ok(false)
    }
    let timer = env.timer()?;
    let domains = take_turns(env)?;
    for domain in 0..domains {
        thread_in(env, domain)?.start(count, [domain as u64, 0, 0, 0])?;
    }
    require!(all_go_on(timer, domains, [0; DOMAINS])?);

    schedule::set(&[(0, TURN_TICKS)])?;
    let before = counts();
    require!(all_go_on(timer, 1, before)?);
    check_eq!(counts()[1..], before[1..]);

    take_turns(env)?;
    check!(all_go_on(timer, domains, counts())?);
    Ok(())
}

pub(super) fn all_finish(env: &mut Env) -> Outcome {
    const THREADS: usize = 8;
    const STEPS: u64 = 100;
    static DONE: [AtomicU64; DOMAINS] = [const { AtomicU64::new(0) }; DOMAINS];
    fn make_steps([domain, ..]: [u64; 4]) -> Outcome<u64> {
        for _ in 0..STEPS {
            DONE[domain as usize].fetch_add(1, Ordering::Relaxed);
            arch::yield_now();
        }
        Ok(domain)
    }
    let timer = env.timer()?;
    let domains = take_turns(env)?;
    let mut helpers: [[Option<Helper>; THREADS]; DOMAINS] = [const { [const { None }; THREADS] }; DOMAINS];
    for (domain, helpers) in helpers.iter_mut().enumerate().take(domains) {
        for place in helpers {
            let helper = thread_in(env, domain)?;
            helper.start(make_steps, [domain as u64, 0, 0, 0])?;
            *place = Some(helper);
        }
    }
    timer.sleep(ROUND_NS)?;
    for (domain, helpers) in helpers.iter().enumerate().take(domains) {
        for helper in helpers.iter().flatten() {
            check_eq!(helper.join()?, domain as u64);
        }
        check_eq!(DONE[domain].load(Ordering::Relaxed), THREADS as u64 * STEPS);
    }
    Ok(())
}
