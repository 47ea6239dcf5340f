//! Messages, replies, faults, notifications between two threads.

use rel4_abi::user_context::Register;
use rel4_abi::{CapRights, InitialSlot, Invocation, MessageInfo, ObjectType, Syscall};

use super::Machine;
use crate::object::ThreadState;

const BELOW_ROOT: u64 = 100;

/// A machine whose root task waits on an endpoint while a client of lower priority runs.
fn client_runs() -> (Machine, u64, u64) {
    let mut m = Machine::new();
    let ep = m.make(ObjectType::Endpoint, 0);
    let badged = m.mint(ep, CapRights::ALL, 0xbad6e);
    let client = m.make_thread(BELOW_ROOT);
    m.resume(client);
    m.simple(Syscall::Recv, ep, &[]);
    (m, ep, badged)
}

#[test]
fn a_call_delivers_badge_tag_and_words_and_its_reply_goes_back() {
    let (m, ep, badged) = client_runs();
    let client = m.current();
    m.syscall(Syscall::Call.number() as u64, badged, MessageInfo::new(5, 0, 0, 4), &[10, 11, 12, 13], &[]);
    let server = m.current();
    assert_ne!(server, client);
    assert_eq!(client.state(), ThreadState::BlockedOnReply);
    let got = m.reply_of(server);
    assert_eq!((got.badge, got.info, got.words), (0xbad6e, MessageInfo::new(5, 0, 0, 4), [10, 11, 12, 13]));

    m.syscall(Syscall::ReplyRecv.number() as u64, ep, MessageInfo::new(6, 0, 0, 2), &[20, 21], &[]);
    assert_eq!(m.current(), client, "the server waits again");
    let got = m.reply_of(client);
    assert_eq!((got.badge, got.info), (0, MessageInfo::new(6, 0, 0, 2)));
    assert_eq!(got.words, [20, 21, 12, 13], "words beyond the message keep their values");
}

#[test]
fn system_calls_change_no_register_but_their_results() {
    let (m, ep, badged) = client_runs();
    let client = m.current();
    for (index, &register) in Register::ALL.iter().enumerate() {
        client.context.set(register, 0x1000 + index as u64);
    }
    m.syscall(Syscall::Call.number() as u64, badged, MessageInfo::new(0, 0, 0, 0), &[], &[]);
    m.syscall(Syscall::ReplyRecv.number() as u64, ep, MessageInfo::new(0, 0, 0, 0), &[], &[]);
    for (index, &register) in Register::ALL.iter().enumerate() {
        use Register::{A0, A1, A7, Pc};
        if ![A0, A1, A7, Pc].contains(&register) {
            assert_eq!(client.context.get(register), 0x1000 + index as u64, "{register:?}");
        }
    }
}

#[test]
fn a_sender_without_the_write_right_gets_invalid_capability_and_no_fault() {
    let mut m = Machine::new();
    let ep = m.make(ObjectType::Endpoint, 0);
    let receive_only = m.mint(ep, CapRights::READ, 1);
    let error = m.call(receive_only, 0, &[], &[]).result().unwrap_err();
    assert_eq!(error, rel4_abi::InvocationError::InvalidCapability { index: 0 });
}

#[test]
fn a_call_without_grant_rights_delivers_but_never_returns() {
    let mut m = Machine::new();
    let ep = m.make(ObjectType::Endpoint, 0);
    let no_grant = m.mint(ep, CapRights::READ_WRITE, 1);
    let client = m.make_thread(BELOW_ROOT);
    m.resume(client);
    m.simple(Syscall::Recv, ep, &[]);
    let client = m.current();
    m.syscall(Syscall::Call.number() as u64, no_grant, MessageInfo::new(0, 0, 0, 0), &[], &[]);
    assert_eq!(client.state(), ThreadState::Inactive);
}

#[test]
fn nbsend_to_nobody_is_dropped_and_nbrecv_of_nothing_returns_badge_0() {
    let mut m = Machine::new();
    let ep = m.make(ObjectType::Endpoint, 0);
    m.syscall(Syscall::NBSend.number() as u64, ep, MessageInfo::new(1, 0, 0, 1), &[42], &[]);
    let root = m.current();
    m.simple(Syscall::NBRecv, ep, &[]);
    assert_eq!((m.current(), m.reply_of(root).badge), (root, 0));
}

#[test]
fn a_fault_becomes_a_message_and_the_reply_restarts_the_thread() {
    let mut m = Machine::new();
    let ep = m.make(ObjectType::Endpoint, 0);
    let handler = m.mint(ep, CapRights::ALL, 77);
    let client = m.make_thread(BELOW_ROOT);
    let spaces = [InitialSlot::CNode as u64, InitialSlot::VSpace as u64];
    m.invoke(Invocation::TcbSetSpace, client, &[handler, 0, 0], &spaces).unwrap();
    m.resume(client);
    m.simple(Syscall::Recv, ep, &[]);
    let faulting = m.current();
    faulting.context.fault_pc.set(0x4444);
    crate::trap::handle(
        m.k,
        crate::trap::Cause::MemoryFault { address: 0xdead_0000, status: rel4_abi::fault::FaultStatus::Store },
    );
    m.check();
    let got = m.reply_of(m.current());
    assert_eq!((got.badge, got.info), (77, MessageInfo::new(5, 0, 0, 4)));
    assert_eq!(got.words, [0x4444, 0xdead_0000, 0, 7]);
    m.simple(Syscall::Reply, 0, &[]);
    m.simple(Syscall::Recv, ep, &[]);
    assert_eq!(m.current(), faulting);
    assert_eq!(faulting.context.next_pc.get(), 0x4444);
}

#[test]
fn a_bad_capability_address_is_a_fault_for_send_and_nothing_for_nbsend() {
    let mut m = Machine::new();
    let root = m.current();
    let client = m.make_thread(255);
    m.resume(client);
    let deep = 1 << 40;
    m.syscall(Syscall::NBSend.number() as u64, deep, MessageInfo::new(0, 0, 0, 0), &[], &[]);
    assert_eq!(m.current(), root);
    m.syscall(Syscall::Send.number() as u64, deep, MessageInfo::new(0, 0, 0, 0), &[], &[]);
    assert_ne!(m.current(), root, "the root task has no fault handler and stops");
    assert_eq!(root.state(), ThreadState::Inactive);
}

#[test]
fn signals_add_up_and_one_wait_takes_them_all() {
    let mut m = Machine::new();
    let notification = m.make(ObjectType::Notification, 0);
    let (one, four) = (m.mint(notification, CapRights::ALL, 1), m.mint(notification, CapRights::ALL, 4));
    let root = m.current();
    m.simple(Syscall::Send, one, &[]);
    m.simple(Syscall::Send, four, &[]);
    m.simple(Syscall::Recv, notification, &[]);
    assert_eq!((m.current(), m.reply_of(root).badge), (root, 5));
    m.simple(Syscall::NBRecv, notification, &[]);
    assert_eq!(m.reply_of(root).badge, 0);
}

#[test]
fn a_signal_with_badge_0_still_wakes() {
    let mut m = Machine::new();
    let notification = m.make(ObjectType::Notification, 0);
    let root = m.current();
    m.simple(Syscall::Send, notification, &[]);
    m.simple(Syscall::Recv, notification, &[]);
    assert_eq!((m.current(), m.reply_of(root).badge), (root, 0));
}

#[test]
fn a_bound_notification_ends_a_receive_on_an_endpoint() {
    let (mut m, ep) = {
        let mut m = Machine::new();
        let ep = m.make(ObjectType::Endpoint, 0);
        (m, ep)
    };
    let notification = m.make(ObjectType::Notification, 0);
    let badged = m.mint(notification, CapRights::ALL, 9);
    m.invoke(Invocation::TcbBindNotification, InitialSlot::Tcb as u64, &[], &[notification]).unwrap();
    let client = m.make_thread(BELOW_ROOT);
    m.resume(client);
    let root = m.current();
    m.simple(Syscall::Recv, ep, &[]);
    m.simple(Syscall::Send, badged, &[]);
    assert_eq!((m.current(), m.reply_of(root).badge), (root, 9));
}

#[test]
fn resuming_a_caller_takes_its_reply_capability_away() {
    let (m, _, badged) = client_runs();
    let client = m.current();
    m.syscall(Syscall::Call.number() as u64, badged, MessageInfo::new(0, 0, 0, 0), &[], &[]);
    let server = m.current();
    assert!(!server.caller_slot().is_empty());
    crate::object::tcb::restart(m.k, client);
    assert!(server.caller_slot().is_empty());
    assert_eq!(client.state(), ThreadState::Restart);
}
