//! Notifications and endpoints.

use core::sync::atomic::{AtomicU64, Ordering};

use rel4_abi::cptr::WORD_BITS;
use rel4_abi::message_info::MSG_MAX_LENGTH;
use rel4_abi::{CNodeCapData, CPtr, CapRights, Error, Invocation, LookupFailure, MessageInfo};
use rel4_runtime::arch;
use rel4_runtime::cap::{Endpoint, Notification};
use rel4_runtime::ipc::Registers;

use super::{ILLEGAL_OPERATION, check_wants_all};
use crate::cspace::{self, PROCESS_RADIX_BITS};
use crate::env::Env;
use crate::message;
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(in super::super) const TESTS: &[Test] = &[
    basic("REL4_NOTIFICATION0001", "who may not write signals nothing, badges are collected", signal),
    basic("REL4_NOTIFICATION0002", "what cannot be bound is refused", bind),
    basic("REL4_NOTIFICATION0003", "signals go to waiting threads one by one, in order", order),
    basic("REL4_ENDPOINT0001", "a message that claims to be longer than the buffer is cut", too_long),
    basic("REL4_ENDPOINT0002", "an address that leads nowhere is a fault, an empty slot is not", nowhere),
    basic(
        "REL4_ENDPOINT0003",
        "sends with other badges than the one cancelled keep their places",
        cancel_one_badge,
    ),
];

const EMPTY: MessageInfo = MessageInfo::new(0, 0, 0, 0);

fn signal(env: &mut Env) -> Outcome {
    let notification = env.notification()?;
    let mute = env.copy_with(notification.0, CapRights::NO_WRITE)?;
    Notification(mute).signal();
    check_eq!(arch::call(mute, EMPTY, Registers::new([])).info.label(), Error::InvalidCapability.label());
    let bits = [0b001, 0b100, 0b001];
    for badge in bits {
        Notification(env.badged(notification.0, badge)?).signal();
    }
    check_eq!(notification.poll(), 0b101);
    check_eq!(notification.poll(), 0);
    Ok(())
}

fn bind(env: &mut Env) -> Outcome {
    let (thread, other) = (env.tcb()?, env.tcb()?);
    let (notification, second) = (env.notification()?, env.notification()?);
    check_wants_all(thread.0, Invocation::TcbBindNotification, &[notification.0], &[]);
    check_eq!(thread.unbind_notification(), ILLEGAL_OPERATION);
    check_eq!(thread.bind_notification(Notification(env.endpoint()?.0)), ILLEGAL_OPERATION);
    check_eq!(thread.bind_notification(Notification(env.empty_slot()?)), ILLEGAL_OPERATION);
    let deaf = Notification(env.copy_with(notification.0, CapRights::NO_READ)?);
    check_eq!(thread.bind_notification(deaf), ILLEGAL_OPERATION);

    check_eq!(thread.bind_notification(notification), Ok(()));
    check_eq!(thread.bind_notification(second), ILLEGAL_OPERATION);
    check_eq!(other.bind_notification(notification), ILLEGAL_OPERATION);
    check_eq!(thread.unbind_notification(), Ok(()));
    check_eq!(other.bind_notification(notification), Ok(()));

    // A notification with a thread that waits.
    fn wait([notification, ..]: [u64; 4]) -> Outcome<u64> {
        Ok(Notification(CPtr(notification)).wait())
    }
    let (waiter, bouncer) = (env.thread()?, env.bouncer(0)?);
    waiter.start(wait, [second.0.word(), 0, 0, 0])?;
    bouncer.let_others_run();
    check_eq!(thread.bind_notification(second), ILLEGAL_OPERATION);
    second.signal();
    waiter.join()?;
    check_eq!(thread.bind_notification(second), Ok(()));
    Ok(())
}

fn order(env: &mut Env) -> Outcome {
    fn wait_and_tell([notification, done, ..]: [u64; 4]) -> Outcome<u64> {
        let badge = Notification(CPtr(notification)).wait();
        Endpoint(CPtr(done)).send(0, [badge]);
        Ok(badge)
    }
    const BADGE: u64 = 8;
    const WAITERS: u64 = 3;
    let (notification, endpoint, bouncer) = (env.notification()?, env.endpoint()?, env.bouncer(0)?);
    let badged = Notification(env.badged(notification.0, BADGE)?);
    for waiter in 1..=WAITERS {
        let done = env.badged(endpoint.0, waiter)?;
        env.thread()?.start(wait_and_tell, [notification.0.word(), done.word(), 0, 0])?;
        bouncer.let_others_run();
    }
    for waiter in 1..=WAITERS {
        badged.signal();
        let told = endpoint.recv();
        check_eq!((told.badge, told.words[0]), (waiter, BADGE));
    }
    check_eq!(notification.poll(), 0);
    Ok(())
}

fn too_long(env: &mut Env) -> Outcome {
    /// The longest that fits into the tag.
    const CLAIMED: usize = 127;
    fn send([endpoint, ..]: [u64; 4]) -> Outcome<u64> {
        for index in 0..MSG_MAX_LENGTH {
            arch::set_message_word(index, index as u64);
        }
        arch::send(CPtr(endpoint), MessageInfo::new(0, 0, 0, CLAIMED), Registers::new([0, 1, 2, 3]));
        Ok(0)
    }
    let (endpoint, sender) = (env.endpoint()?, env.thread()?);
    sender.start(send, [endpoint.0.word(), 0, 0, 0])?;
    let message = endpoint.recv();
    check_eq!(message.info.raw_length(), MSG_MAX_LENGTH);
    for index in 0..MSG_MAX_LENGTH {
        check_eq!(message::word(&message, index), index as u64);
    }
    sender.join()?;
    Ok(())
}

fn nowhere(env: &mut Env) -> Outcome {
    /// Behind the last slot.
    const NOWHERE: u64 = 1 << PROCESS_RADIX_BITS;
    /// How many sends came back.
    static SENT: AtomicU64 = AtomicU64::new(0);
    fn send([target, ..]: [u64; 4]) -> Outcome<u64> {
        Endpoint(CPtr(target)).nb_send(0, []);
        SENT.fetch_add(1, Ordering::Relaxed);
        Endpoint(CPtr(target)).send(0, []);
        SENT.fetch_add(1, Ordering::Relaxed);
        Ok(0)
    }
    let (faults, sender) = (env.endpoint()?, env.thread()?);
    sender.tcb().set_space(faults.0, cspace::CNODE, CNodeCapData::default(), cspace::VSPACE)?;
    sender.start(send, [env.empty_slot()?.word(), 0, 0, 0])?;
    sender.join()?;
    check_eq!(SENT.swap(0, Ordering::Relaxed), 2);

    sender.start(send, [NOWHERE, 0, 0, 0])?;
    let bits_found = u64::from(WORD_BITS - PROCESS_RADIX_BITS);
    let failure =
        LookupFailure::GuardMismatch { bits_left: u64::from(WORD_BITS), guard_found: 0, bits_found };
    check_eq!(message::cap_fault(&faults.recv()), Some((NOWHERE, 0, failure)));
    // A send that does not block does not fault either.
    check_eq!(SENT.load(Ordering::Relaxed), 1);
    Ok(())
}

fn cancel_one_badge(env: &mut Env) -> Outcome {
    const BADGES: [u64; 3] = [1, 2, 3];
    fn send([endpoint, ..]: [u64; 4]) -> Outcome<u64> {
        Endpoint(CPtr(endpoint)).send(0, []);
        Ok(0)
    }
    let (endpoint, bouncer) = (env.endpoint()?, env.bouncer(0)?);
    let mut first = CPtr::NULL;
    for badge in BADGES {
        let badged = env.badged(endpoint.0, badge)?;
        if badge == BADGES[0] {
            first = badged;
        }
        env.thread()?.start(send, [badged.word(), 0, 0, 0])?;
        bouncer.let_others_run();
    }
    // The sender still has its capability, so it sends again, behind all others.
    cspace::slot(first).cancel_badged_sends()?;
    bouncer.let_others_run();
    check_eq!([endpoint.recv().badge, endpoint.recv().badge, endpoint.recv().badge], [2, 3, 1]);
    Ok(())
}
