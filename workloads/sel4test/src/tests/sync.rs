//! Threads that keep out of each other's way, with what can be built on notifications and endpoints.

mod primitives;

use core::sync::atomic::{AtomicU64, Ordering};

use rel4_abi::CPtr;
use rel4_runtime::arch;

use crate::env::{Env, Helper, HelperMain};
use crate::report::Outcome;
use crate::test::{Test, basic};
use primitives::{BinarySemaphore, Condition, CountingSemaphore};

pub(super) const TESTS: &[Test] = &[
    basic("SYNC001", "a binary semaphore keeps two threads apart", binary_semaphore),
    basic("SYNC002", "a counting semaphore keeps two threads apart", counting_semaphore),
    basic("SYNC003", "a monitor with two conditions makes producers and consumers wait", monitor),
    basic("SYNC004", "a monitor's broadcast wakes all who wait", broadcast),
];

/// What the threads share. Each reads it, lets the others run, and writes it.
static SHARED: AtomicU64 = AtomicU64::new(0);

/// Reads, yields, and writes what `change` makes of it.
fn change_slowly(change: impl FnOnce(u64) -> u64) {
    let before = SHARED.load(Ordering::Relaxed);
    arch::yield_now();
    SHARED.store(change(before), Ordering::Relaxed);
}

/// Runs threads of one priority with the same arguments until all are done.
fn together<const COUNT: usize>(env: &mut Env, mains: [HelperMain; COUNT], arguments: [u64; 4]) -> Outcome {
    let mut helpers: [Option<Helper>; COUNT] = [const { None }; COUNT];
    for (place, main) in helpers.iter_mut().zip(mains) {
        let helper = env.thread()?;
        helper.start(main, arguments)?;
        *place = Some(helper);
    }
    for helper in helpers.iter().flatten() {
        helper.join()?;
    }
    Ok(())
}

fn binary_semaphore(env: &mut Env) -> Outcome {
    fn increment([notification, ..]: [u64; 4]) -> Outcome<u64> {
        let semaphore = BinarySemaphore::at(CPtr(notification));
        semaphore.wait();
        change_slowly(|value| value + 1);
        semaphore.post();
        Ok(0)
    }
    let notification = env.notification()?;
    BinarySemaphore::at(notification.0).post();
    together(env, [increment; 2], [notification.0.word(), 0, 0, 0])?;
    check_eq!(SHARED.load(Ordering::Relaxed), 2);
    Ok(())
}

fn counting_semaphore(env: &mut Env) -> Outcome {
    static SEMAPHORE: CountingSemaphore = CountingSemaphore::new(1);
    fn increment([endpoint, ..]: [u64; 4]) -> Outcome<u64> {
        SEMAPHORE.wait(CPtr(endpoint));
        change_slowly(|value| value + 1);
        SEMAPHORE.post(CPtr(endpoint));
        Ok(0)
    }
    let endpoint = env.endpoint()?;
    together(env, [increment; 2], [endpoint.0.word(), 0, 0, 0])?;
    check_eq!(SHARED.load(Ordering::Relaxed), 2);
    Ok(())
}

/// Two producers and two consumers of what is at most [`FULL`].
fn monitor(env: &mut Env) -> Outcome {
    static NOT_FULL: Condition = Condition::new();
    static NOT_EMPTY: Condition = Condition::new();
    const FULL: u64 = 2;
    const ROUNDS: usize = 10;

    fn produce([lock, not_full, not_empty, ..]: [u64; 4]) -> Outcome<u64> {
        let lock = BinarySemaphore::at(CPtr(lock));
        for _ in 0..ROUNDS {
            lock.wait();
            while SHARED.load(Ordering::Relaxed) == FULL {
                NOT_FULL.wait(lock, CPtr(not_full));
            }
            change_slowly(|value| value + 1);
            check!(SHARED.load(Ordering::Relaxed) <= FULL);
            NOT_EMPTY.signal(CPtr(not_empty));
            lock.post();
        }
        Ok(0)
    }
    fn consume([lock, not_full, not_empty, ..]: [u64; 4]) -> Outcome<u64> {
        let lock = BinarySemaphore::at(CPtr(lock));
        for _ in 0..ROUNDS {
            lock.wait();
            while SHARED.load(Ordering::Relaxed) == 0 {
                NOT_EMPTY.wait(lock, CPtr(not_empty));
            }
            change_slowly(|value| value - 1);
            NOT_FULL.signal(CPtr(not_full));
            lock.post();
        }
        Ok(0)
    }
    let (lock, not_full, not_empty) = (env.notification()?, env.notification()?, env.notification()?);
    SHARED.store(1, Ordering::Relaxed);
    BinarySemaphore::at(lock.0).post();
    let arguments = [lock.0.word(), not_full.0.word(), not_empty.0.word(), 0];
    together(env, [produce, produce, consume, consume], arguments)?;
    check_eq!(SHARED.load(Ordering::Relaxed), 1);
    Ok(())
}

fn broadcast(env: &mut Env) -> Outcome {
    static FILLED: Condition = Condition::new();
    static WAITED: AtomicU64 = AtomicU64::new(0);
    const CONSUMERS: u64 = 3;

    fn consume([lock, filled, ..]: [u64; 4]) -> Outcome<u64> {
        let lock = BinarySemaphore::at(CPtr(lock));
        lock.wait();
        while SHARED.load(Ordering::Relaxed) == 0 {
            WAITED.fetch_add(1, Ordering::Relaxed);
            FILLED.wait(lock, CPtr(filled));
        }
        change_slowly(|value| value - 1);
        lock.post();
        Ok(0)
    }
    fn fill([lock, filled, ..]: [u64; 4]) -> Outcome<u64> {
        let lock = BinarySemaphore::at(CPtr(lock));
        // Everybody is to wait before there is anything.
        while WAITED.load(Ordering::Relaxed) < CONSUMERS {
            arch::yield_now();
        }
        lock.wait();
        change_slowly(|value| value + CONSUMERS);
        FILLED.broadcast(CPtr(filled));
        lock.post();
        Ok(0)
    }
    let (lock, filled) = (env.notification()?, env.notification()?);
    BinarySemaphore::at(lock.0).post();
    let arguments = [lock.0.word(), filled.0.word(), 0, 0];
    together(env, [consume, consume, consume, fill], arguments)?;
    check_eq!(SHARED.load(Ordering::Relaxed), 0);
    Ok(())
}
