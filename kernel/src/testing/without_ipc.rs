//! A kernel without synchronous IPC: what system calls on endpoints answer, and that the others are as they were.

use rel4_abi::user_context::Register;
use rel4_abi::{InitialSlot, Invocation, InvocationError, MessageInfo, ObjectType, Syscall};

use super::Machine;
use crate::cap::Cap;
use crate::object::ThreadState;

const ROOT: u64 = InitialSlot::CNode as u64;
const ILLEGAL: InvocationError = InvocationError::IllegalOperation;

#[test]
fn endpoints_are_no_type_of_object() {
    let mut m = Machine::new();
    let untyped = m.big_untyped();
    let refused = Err(InvocationError::InvalidArgument { index: 0 });
    assert_eq!(m.retype_from(untyped, ObjectType::Endpoint, 0), refused);
    let slot = m.free_slot();
    let words = [99, 0, 0, 0, slot, 1];
    let unknown = m.invoke(Invocation::UntypedRetype, untyped, &words, &[ROOT]).map(|_| slot);
    assert_eq!(unknown, refused, "as with a type that no kernel has");
    assert!(m.cap(slot) == Cap::Null);
    m.retype_from(untyped, ObjectType::Notification, 0).unwrap();
}

#[test]
fn operations_on_endpoints_and_replies_are_none_of_a_cnode() {
    let mut m = Machine::new();
    let (full, empty) = (m.make(ObjectType::Notification, 0), m.free_slot());
    for operation in [Invocation::CNodeSaveCaller, Invocation::CNodeCancelBadgedSends] {
        for words in [&[full, 64][..], &[empty, 64], &[empty, 65], &[]] {
            assert_eq!(m.invoke(operation, ROOT, words, &[]), Err(ILLEGAL), "{operation:?} {words:?}");
        }
    }
    assert!(m.cap(empty) == Cap::Null);
}

#[test]
fn a_slot_where_an_endpoint_would_be_answers_as_an_empty_one() {
    let mut m = Machine::new();
    let empty = m.free_slot();
    let thread = m.current();
    assert_eq!(m.call(empty, 0, &[1], &[]).result(), Err(InvocationError::InvalidCapability { index: 0 }));
    for syscall in [Syscall::Send, Syscall::NBSend] {
        m.simple(syscall, empty, &[1]);
        assert_eq!(thread.state(), ThreadState::Running, "{syscall:?}");
    }
}

#[test]
fn receiving_from_nothing_is_a_fault_whether_it_blocks_or_not() {
    for syscall in [Syscall::Recv, Syscall::NBRecv, Syscall::ReplyRecv] {
        let mut m = Machine::new();
        let empty = m.free_slot();
        let thread = m.current();
        m.simple(syscall, empty, &[]);
        assert_eq!(
            thread.state(),
            ThreadState::Inactive,
            "{syscall:?}: nobody asked to be told of its faults"
        );
    }
}

#[test]
fn a_reply_answers_nobody() {
    let m = Machine::new();
    let thread = m.current();
    let words = [1, 2, 3, 4];
    m.simple(Syscall::Reply, 0, &words);
    assert_eq!(thread.state(), ThreadState::Running);
    assert_eq!(m.reply_of(thread).words, words, "no register is touched");
    assert_eq!(thread.context.get(Register::A0), 0);
}

#[test]
fn reply_and_receive_waits_for_a_signal() {
    let mut m = Machine::new();
    let notification = m.make(ObjectType::Notification, 0);
    let badged = m.mint(notification, rel4_abi::CapRights::ALL, 6);
    m.simple(Syscall::Send, badged, &[]);
    let thread = m.current();
    m.simple(Syscall::ReplyRecv, notification, &[1]);
    assert_eq!((m.current(), m.reply_of(thread).badge), (thread, 6));
    m.simple(Syscall::ReplyRecv, notification, &[1]);
    assert!(matches!(thread.state(), ThreadState::BlockedOnNotification(_)));
}

#[test]
fn a_call_to_a_notification_signals_and_has_an_empty_answer() {
    let mut m = Machine::new();
    let notification = m.make(ObjectType::Notification, 0);
    let badged = m.mint(notification, rel4_abi::CapRights::ALL, 6);
    let reply = m.call(badged, 0, &[1, 2, 3], &[]);
    assert_eq!((reply.badge, reply.info), (0, MessageInfo::new(0, 0, 0, 0)));
    let thread = m.current();
    m.simple(Syscall::NBRecv, notification, &[]);
    assert_eq!(m.reply_of(thread).badge, 6);
}

#[test]
fn the_address_of_a_fault_handler_names_nothing() {
    let mut m = Machine::new();
    let notification = m.make(ObjectType::Notification, 0);
    let (thread, space) = (m.make_thread(255), InitialSlot::VSpace as u64);
    m.invoke(Invocation::TcbSetSpace, thread, &[notification, 0, 0], &[ROOT, space]).unwrap();
    m.resume(thread);
    m.simple(Syscall::Yield, 0, &[]);
    let tcb = m.current();
    m.trap(crate::trap::Cause::Exception(3));
    assert_eq!(tcb.state(), ThreadState::Inactive);
    let Cap::Notification(cap) = m.cap(notification) else { panic!() };
    assert!(!cap.notification.is_active());
}
