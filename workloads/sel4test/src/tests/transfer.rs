//! Capabilities in messages, as servers and their clients use them: a client hands over a frame, and both see what is in it.

#![allow(unsafe_code, reason = "a page that was mapped by hand")]

use core::sync::atomic::{AtomicU64, Ordering};

use rel4_abi::cptr::WORD_BITS;
use rel4_abi::{CPtr, MessageInfo};
use rel4_runtime::address_space::{self, Access};
use rel4_runtime::arch;
use rel4_runtime::cap::{Endpoint, Frame, Notification};
use rel4_runtime::resources::Resources;

use crate::cspace;
use crate::env::{Env, is_empty};
use crate::message::prepare;
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(super) const TESTS: &[Test] = &[
    basic("REL4_TRANSFER0001", "a client's frame is shared, given back, and shared again", shared_frame),
    basic(
        "REL4_TRANSFER0002",
        "the endpoint's own capabilities arrive as badges, one other is moved",
        unwrapped,
    ),
    basic("REL4_TRANSFER0003", "without an empty slot a message comes alone", no_slot),
];

/// Where the client has the page that it shares; nothing else is there.
const CLIENT_PAGE: u64 = 0x3000_0000;

/// The first word of the page at `vaddr`.
fn first_word(vaddr: u64) -> &'static AtomicU64 {
    // SAFETY: the callers have mapped the page, and access it as atomics only.
    unsafe { &*(vaddr as *const AtomicU64) }
}

/// Sends an empty message with `caps`.
fn send_caps(endpoint: Endpoint, caps: &[CPtr]) {
    for (index, &cap) in caps.iter().enumerate() {
        arch::set_extra_cap(index, cap);
    }
    let (_, registers) = prepare(0, 0, |_| 0);
    arch::send(endpoint.0, MessageInfo::new(0, 0, caps.len(), 0), registers);
}

fn shared_frame(env: &mut Env) -> Outcome {
    const CLIENT_BADGES: [u64; 2] = [1, 2];
    const QUESTION: u64 = 0xfeed_0000;
    /// Connects through each of two capabilities to the server: writes, hands the frame over, and reads.
    fn client([first, second, frame, ..]: [u64; 4]) -> Outcome<u64> {
        let word = first_word(CLIENT_PAGE);
        for (round, server) in (0..).zip([first, second]) {
            word.store(QUESTION + round, Ordering::Relaxed);
            arch::set_extra_cap(0, CPtr(frame));
            let (_, registers) = prepare(0, 0, |_| 0);
            arch::call(CPtr(server), MessageInfo::new(0, 0, 1, 0), registers);
            check_eq!(word.load(Ordering::Relaxed), !(QUESTION + round));
        }
        Ok(0)
    }
    let (endpoint, frame) = (env.endpoint()?, env.frame()?);
    let badged = [env.badged(endpoint.0, CLIENT_BADGES[0])?, env.badged(endpoint.0, CLIENT_BADGES[1])?];
    let mut process = env.process()?;
    address_space::map(&mut env.resources, process.vspace(), frame, CLIENT_PAGE, Access::Data)?;
    let [first, second] = [process.give(badged[0])?, process.give(badged[1])?];
    let inside = process.give(frame.0)?;
    process.start(client, [first.word(), second.word(), inside.word(), 0])?;

    let (slot, vaddr) = (env.empty_slot()?, env.resources.reserve_window(1));
    arch::set_receive_slot(cspace::CNODE.0, slot.word(), u64::from(WORD_BITS));
    for (round, badge) in (0..).zip(CLIENT_BADGES) {
        let request = endpoint.recv();
        check_eq!((request.badge, request.info.extra_caps()), (badge, 1));
        let received = Frame(slot);
        check_eq!(received.physical_address(), frame.physical_address());
        address_space::map(&mut env.resources, Resources::VSPACE, received, vaddr, Access::Data)?;
        check_eq!(first_word(vaddr).load(Ordering::Relaxed), QUESTION + round);
        first_word(vaddr).store(!(QUESTION + round), Ordering::Relaxed);
        // Deleting it unmaps it, and makes room for the next one.
        cspace::slot(slot).delete()?;
        let (info, registers) = prepare(0, 0, |_| 0);
        arch::reply(info, registers);
    }
    process.join()?;
    env.destroy(process)?;
    Ok(())
}

fn unwrapped(env: &mut Env) -> Outcome {
    fn send([endpoint, notification, ..]: [u64; 4]) -> Outcome<u64> {
        let endpoint = CPtr(endpoint);
        send_caps(Endpoint(endpoint), &[endpoint, CPtr(notification), endpoint]);
        Ok(0)
    }
    let (endpoint, notification, sender) = (env.endpoint()?, env.notification()?, env.thread()?);
    let slot = env.empty_slot()?;
    arch::set_receive_slot(cspace::CNODE.0, slot.word(), u64::from(WORD_BITS));
    sender.start(send, [endpoint.0.word(), notification.0.word(), 0, 0])?;
    let message = endpoint.recv();
    check_eq!((message.info.extra_caps(), message.info.caps_unwrapped()), (3, 0b101));
    check_eq!(is_empty(cspace::slot(slot)), Ok(false));
    cspace::TCB.bind_notification(Notification(slot))?;
    sender.join()?;
    Ok(())
}

fn no_slot(env: &mut Env) -> Outcome {
    fn send_twice([endpoint, cap, ..]: [u64; 4]) -> Outcome<u64> {
        for _ in 0..2 {
            send_caps(Endpoint(CPtr(endpoint)), &[CPtr(cap)]);
        }
        Ok(0)
    }
    let (endpoint, gift, sender) = (env.endpoint()?, env.endpoint()?, env.thread()?);
    let occupied = env.tcb()?;
    sender.start(send_twice, [endpoint.0.word(), gift.0.word(), 0, 0])?;
    arch::set_receive_slot(cspace::CNODE.0, occupied.0.word(), u64::from(WORD_BITS));
    check_eq!(endpoint.recv().info.extra_caps(), 0);
    check_eq!(occupied.resume(), Ok(()));
    // A depth that no address has.
    arch::set_receive_slot(cspace::CNODE.0, env.empty_slot()?.word(), u64::from(WORD_BITS) + 1);
    check_eq!(endpoint.recv().info.extra_caps(), 0);
    sender.join()?;
    Ok(())
}
