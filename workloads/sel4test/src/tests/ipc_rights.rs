//! What each right of an endpoint's capability allows, one test a right, with every combination of the others.

mod answers;

use rel4_abi::cptr::WORD_BITS;
use rel4_abi::{CPtr, CapRights, Error, LookupFailure, MessageInfo};
use rel4_runtime::arch;
use rel4_runtime::cap::{Endpoint, Notification};

use crate::cspace;
use crate::env::{Env, is_empty};
use crate::message::{self, prepare};
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(super) const TESTS: &[Test] = &[
    basic("IPCRIGHTS0001", "who may not write sends nothing", write),
    basic("IPCRIGHTS0002", "who may not read faults when it receives", read),
    basic("IPCRIGHTS0003", "who may not grant sends no capabilities", grant),
    basic("IPCRIGHTS0004", "who may not grant gets no answer", answers::without_grant),
    basic(
        "IPCRIGHTS0005",
        "an answer brings a capability only to those who may grant",
        answers::with_capability,
    ),
];

const GOOD: u64 = 0x1234_5678;
const BAD: u64 = 0xdead_beef;

/// Every combination of rights that has `needed`.
fn all_rights_with(needed: CapRights) -> impl Iterator<Item = CapRights> {
    (0..=CapRights::ALL.word()).map(CapRights::from_word).filter(move |rights| rights.contains(needed))
}

fn write(env: &mut Env) -> Outcome {
    fn receive_twice([endpoint, ..]: [u64; 4]) -> Outcome<u64> {
        for _ in 0..2 {
            check_eq!(Endpoint(CPtr(endpoint)).recv().words[0], GOOD);
        }
        Ok(0)
    }
    let (endpoint, bouncer, receiver) = (env.endpoint()?, env.bouncer(0)?, env.thread()?);
    for rights in all_rights_with(CapRights::NONE) {
        let copy = Endpoint(env.copy_with(endpoint.0, rights)?);
        receiver.start(receive_twice, [endpoint.0.word(), 0, 0, 0])?;
        bouncer.let_others_run();
        if rights.contains(CapRights::WRITE) {
            copy.send(0, [GOOD]);
        } else {
            copy.send(0, [BAD]);
            copy.nb_send(0, [BAD]);
            let answer = copy.call(0, [BAD]);
            check_eq!(answer.info.label(), Error::InvalidCapability.label());
            endpoint.send(0, [GOOD]);
        }
        bouncer.let_others_run();
        endpoint.send(0, [GOOD]);
        receiver.join()?;
    }
    Ok(())
}

fn read(env: &mut Env) -> Outcome {
    fn receive([endpoint, ..]: [u64; 4]) -> Outcome<u64> {
        Ok(Endpoint(CPtr(endpoint)).recv().words[0])
    }
    let (endpoint, faults, receiver) = (env.endpoint()?, env.endpoint()?, env.thread()?);
    let bouncer = env.bouncer(0)?;
    receiver.set_fault_handler(faults.0)?;
    for rights in all_rights_with(CapRights::NONE) {
        let copy = env.copy_with(endpoint.0, rights)?;
        receiver.start(receive, [copy.word(), 0, 0, 0])?;
        if rights.contains(CapRights::READ) {
            endpoint.send(0, [GOOD]);
            check_eq!(receiver.join()?, GOOD);
        } else {
            bouncer.let_others_run();
            let missing = LookupFailure::MissingCapability { bits_left: 0 };
            check_eq!(message::cap_fault(&faults.nb_recv()), Some((copy.word(), 1, missing)));
        }
    }
    Ok(())
}

/// Sends `word` and a capability.
fn send_with(endpoint: Endpoint, word: u64, cap: CPtr) {
    arch::set_extra_cap(0, cap);
    let (info, registers) = prepare(0, 1, |_| word);
    arch::send(endpoint.0, MessageInfo::new(info.label(), 0, 1, info.length()), registers);
}

fn grant(env: &mut Env) -> Outcome {
    /// Receives, with a slot for a capability, uses what came there, and gives how many came.
    fn receive([endpoint, slot, ..]: [u64; 4]) -> Outcome<u64> {
        arch::set_receive_slot(cspace::CNODE.0, slot, u64::from(WORD_BITS));
        let message = Endpoint(CPtr(endpoint)).recv();
        check_eq!(message.words[0], GOOD);
        if message.info.extra_caps() == 1 {
            Notification(CPtr(slot)).signal();
        }
        Ok(message.info.extra_caps() as u64)
    }
    const BADGE: u64 = 1;
    let (endpoint, notification, receiver) = (env.endpoint()?, env.notification()?, env.thread()?);
    let (gift, slot) = (env.badged(notification.0, BADGE)?, env.empty_slot()?);
    for rights in all_rights_with(CapRights::WRITE) {
        let copy = Endpoint(env.copy_with(endpoint.0, rights)?);
        receiver.start(receive, [endpoint.0.word(), slot.word(), 0, 0])?;
        send_with(copy, GOOD, gift);
        let granted = rights.contains(CapRights::GRANT);
        check_eq!(receiver.join()?, u64::from(granted));
        check_eq!(notification.poll(), if granted { BADGE } else { 0 });
        check_eq!(is_empty(cspace::slot(slot)), Ok(!granted));
        cspace::slot(slot).delete()?;
    }
    Ok(())
}
