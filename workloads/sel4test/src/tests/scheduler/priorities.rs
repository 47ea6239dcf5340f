//! Priorities, and what changing them does.

use core::sync::atomic::{AtomicU64, Ordering};

use rel4_abi::{CPtr, InvocationError};
use rel4_runtime::arch;
use rel4_runtime::cap::{Endpoint, Tcb};
use rel4_runtime::error::Error;

use super::{STEPS, step};
use crate::cspace;
use crate::env::{Env, PRIORITY};
use crate::expect::refused;
use crate::message::{prepare, word};
use crate::report::Outcome;

pub(super) fn raise_helper(env: &mut Env) -> Outcome {
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

/// A thread at every priority below the test's, made from the lowest up.
pub(super) fn all_in_order(env: &mut Env) -> Outcome {
    static NEXT: AtomicU64 = AtomicU64::new(PRIORITY - 1);
    fn run([priority, all_ran, ..]: [u64; 4]) -> Outcome<u64> {
        check_eq!(priority, NEXT.load(Ordering::Relaxed));
        if priority == 0 {
            Endpoint(CPtr(all_ran)).send(0, []);
        } else {
            NEXT.store(priority - 1, Ordering::Relaxed);
        }
        Ok(0)
    }
    let all_ran = env.endpoint()?;
    for priority in 0..PRIORITY {
        let helper = env.thread()?;
        helper.set_priority(priority)?;
        helper.start(run, [priority, all_ran.0.word(), 0, 0])?;
    }
    let _last = all_ran.recv();
    check_eq!(NEXT.load(Ordering::Relaxed), 0);
    Ok(())
}

/// Two threads change their priorities; each step belongs to the thread that must run then.
pub(super) fn changes(env: &mut Env) -> Outcome {
    const BOUND: u64 = 150;
    const FALLEN_BOUND: u64 = 120;
    const fn above(bound: u64) -> Result<(), Error> {
        refused(InvocationError::RangeError { min: 0, max: bound })
    }
    fn first([own, ..]: [u64; 4]) -> Outcome<u64> {
        let own = Tcb(CPtr(own));
        step(0);
        own.set_priority(own, BOUND - 2)?;
        // The other one has raised it.
        step(3);
        own.set_max_controlled_priority(own, FALLEN_BOUND)?;
        check_eq!(own.set_max_controlled_priority(own, BOUND), above(FALLEN_BOUND));
        check_eq!(own.set_priority(own, FALLEN_BOUND + 1), above(FALLEN_BOUND));
        step(4);
        own.set_priority(own, FALLEN_BOUND)?;
        step(7);
        Ok(0)
    }
    fn second([own, other, ..]: [u64; 4]) -> Outcome<u64> {
        let (own, other) = (Tcb(CPtr(own)), Tcb(CPtr(other)));
        step(1);
        check_eq!(own.set_priority(own, BOUND + 1), above(BOUND));
        check_eq!(own.set_max_controlled_priority(own, BOUND + 1), above(BOUND));
        step(2);
        other.set_priority(own, BOUND)?;
        step(5);
        own.set_priority(own, BOUND)?;
        step(6);
        own.set_priority(own, FALLEN_BOUND - 1)?;
        step(8);
        Ok(0)
    }
    let (a, b) = (env.thread()?, env.thread()?);
    a.tcb().set_sched_params(cspace::TCB, BOUND, BOUND)?;
    b.tcb().set_sched_params(cspace::TCB, BOUND, BOUND - 1)?;
    let (of_a, of_b) = (a.tcb().0.word(), b.tcb().0.word());
    b.start(second, [of_b, of_a, 0, 0])?;
    a.start(first, [of_a, 0, 0, 0])?;
    a.join()?;
    b.join()?;
    check_eq!(STEPS.load(Ordering::Relaxed), 9);
    Ok(())
}

/// A sender, a spinner, a receiver and a bouncer, from the highest priority to the lowest. The spinner and the sender
/// stand in the bouncer's queue.
pub(super) fn messages(env: &mut Env) -> Outcome {
    static SPINS: AtomicU64 = AtomicU64::new(0);
    static BOUNCES: AtomicU64 = AtomicU64::new(0);
    static RECEIVED: AtomicU64 = AtomicU64::new(0);
    /// Words of the message that finds no receiver, and of the one that finds it waiting.
    const LENGTHS: [usize; 2] = [20, 19];

    fn bounce([queue, ..]: [u64; 4]) -> Outcome<u64> {
        let queue = Endpoint(CPtr(queue));
        let _request = queue.recv();
        loop {
            BOUNCES.fetch_add(1, Ordering::Relaxed);
            queue.reply_recv(0, []);
        }
    }
    fn receive([endpoint, ..]: [u64; 4]) -> Outcome<u64> {
        step(1);
        receive_one(CPtr(endpoint), LENGTHS[0], 3);
        receive_one(CPtr(endpoint), LENGTHS[1], 6);
        RECEIVED.store(1, Ordering::Relaxed);
        Ok(0)
    }
    fn receive_one(endpoint: CPtr, length: usize, then: u64) {
        let message = arch::recv(endpoint);
        step(then);
        check_eq!(message.info.length(), length);
        (0..length).for_each(|index| check_eq!(word(&message, index), index as u64));
    }
    fn spin([queue, ..]: [u64; 4]) -> Outcome<u64> {
        while RECEIVED.load(Ordering::Relaxed) == 0 {
            SPINS.fetch_add(1, Ordering::Relaxed);
            Endpoint(CPtr(queue)).call(0, []);
        }
        Ok(0)
    }
    fn send([endpoint, queue, ..]: [u64; 4]) -> Outcome<u64> {
        step(0);
        send_one(CPtr(endpoint), LENGTHS[0]);
        step(2);
        Endpoint(CPtr(queue)).call(0, []);
        step(4);
        send_one(CPtr(endpoint), LENGTHS[1]);
        step(5);
        Ok(0)
    }
    fn send_one(endpoint: CPtr, length: usize) {
        let (info, registers) = prepare(0, length, |index| index as u64);
        arch::send(endpoint, info, registers);
    }
    let (endpoint, queue) = (env.endpoint()?.0.word(), env.endpoint()?.0.word());
    let (sender, spinner, receiver, bouncer) = (env.thread()?, env.thread()?, env.thread()?, env.thread()?);
    for (priority, helper) in (0..).zip([&bouncer, &receiver, &spinner, &sender]) {
        helper.set_priority(priority)?;
    }
    bouncer.start(bounce, [queue, 0, 0, 0])?;
    receiver.start(receive, [endpoint, 0, 0, 0])?;
    spinner.start(spin, [queue, 0, 0, 0])?;
    sender.start(send, [endpoint, queue, 0, 0])?;
    sender.join()?;
    receiver.join()?;
    spinner.join()?;
    check_eq!(STEPS.load(Ordering::Relaxed), 7);
    check_eq!([SPINS.load(Ordering::Relaxed), BOUNCES.load(Ordering::Relaxed)], [2, 3]);
    Ok(())
}
