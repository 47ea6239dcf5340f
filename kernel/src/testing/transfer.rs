//! Messages that carry capabilities, and messages longer than the registers.

use rel4_abi::{CapRights, InitialSlot, Invocation, MessageInfo, ObjectType, Syscall};

use super::Machine;
use crate::cap::Cap;
use crate::obj::Obj;
use crate::object::Tcb;

const ROOT: u64 = InitialSlot::CNode as u64;

/// A machine in which a client of lower priority runs while the root task waits on an endpoint with a receive slot.
struct Pair {
    m: Machine,
    ep: u64,
    badged: u64,
    client: Obj<Tcb>,
    client_cptr: u64,
    server: Obj<Tcb>,
    receive_slot: u64,
}

fn pair() -> Pair {
    let mut m = Machine::new();
    let ep = m.make(ObjectType::Endpoint, 0);
    let badged = m.mint(ep, CapRights::ALL, 7);
    let client_cptr = m.make_thread(1);
    let frame = m.make(ObjectType::Page, 0);
    m.invoke(Invocation::TcbSetIpcBuffer, client_cptr, &[0x7c00], &[frame]).unwrap();
    m.resume(client_cptr);
    let receive_slot = m.free_slot();
    m.set_receive_slot([ROOT, receive_slot, 64]);
    let (server, client) = (m.current(), m.thread(client_cptr));
    Pair { m, ep, badged, client, client_cptr, server, receive_slot }
}

impl Pair {
    /// The root task waits, the client sends.
    fn send(&self, cptr: u64, length: usize, caps: &[u64]) -> MessageInfo {
        self.m.simple(Syscall::Recv, self.ep, &[]);
        assert_eq!(self.m.current(), self.client);
        let words: Vec<u64> = (0..length as u64).map(|index| 100 + index).collect();
        let info = MessageInfo::new(9, 0, caps.len(), length);
        self.m.syscall(Syscall::Send.number() as u64, cptr, info, &words, caps);
        assert_eq!(self.m.current(), self.server);
        self.m.reply_of(self.server).info
    }

    fn server_word(&self, index: usize) -> u64 {
        // SAFETY: in the buffer's page, in the arena.
        unsafe { self.m.buffer_word(self.server, index).unwrap().read() }
    }
}

/// Position of the first capability or badge in the buffer, in words.
const CAPS_OR_BADGES: usize = 122;

#[test]
fn a_long_message_arrives_whole_and_a_longer_one_than_there_is_room_for_is_cut() {
    let p = pair();
    assert_eq!(p.send(p.badged, 120, &[]), MessageInfo::new(9, 0, 0, 120));
    assert_eq!((p.server_word(1 + 4), p.server_word(1 + 119)), (104, 219));
    p.m.simple(Syscall::Recv, p.ep, &[]);
    let info = MessageInfo::new(9, 0, 0, 127);
    p.m.syscall(Syscall::Send.number() as u64, p.badged, info, &[], &[]);
    assert_eq!(p.m.reply_of(p.server).info.raw_length(), 120);
}

#[test]
fn without_a_buffer_on_one_side_only_the_registers_arrive() {
    let p = pair();
    crate::cap::delete::delete(p.m.k, p.client.buffer_slot()).unwrap();
    assert_eq!(p.send(p.badged, 10, &[p.ep]), MessageInfo::new(9, 0, 0, 4));
}

#[test]
fn one_capability_moves_and_those_to_the_endpoint_itself_arrive_as_badges() {
    let mut p = pair();
    let notification = p.m.make(ObjectType::Notification, 0);
    let other = p.m.mint(p.ep, CapRights::NONE, 0x55);
    assert_eq!(p.send(p.badged, 0, &[p.badged, notification, other]), MessageInfo::new(9, 0b101, 3, 0));
    assert_eq!((p.server_word(CAPS_OR_BADGES), p.server_word(CAPS_OR_BADGES + 2)), (7, 0x55));
    assert_eq!(p.m.cap(p.receive_slot), p.m.cap(notification));
    // What arrived was derived from what was sent.
    p.m.revoke(notification).unwrap();
    assert_eq!(p.m.cap(p.receive_slot), Cap::Null);
}

#[test]
fn a_second_capability_stops_the_transfer() {
    let mut p = pair();
    let notification = p.m.make(ObjectType::Notification, 0);
    let caps = [notification, notification, p.badged];
    assert_eq!(p.send(p.badged, 0, &caps), MessageInfo::new(9, 0, 1, 0));
}

#[test]
fn capabilities_do_not_move_without_the_grant_right_or_a_usable_receive_slot() {
    let mut p = pair();
    let notification = p.m.make(ObjectType::Notification, 0);
    let weak = p.m.mint(p.ep, CapRights::READ_WRITE.union(CapRights::GRANT_REPLY), 8);
    assert_eq!(p.send(weak, 0, &[notification]).extra_caps(), 0);
    assert_eq!(p.send(weak, 0, &[p.badged]), MessageInfo::new(9, 0, 0, 0), "not even as a badge");
    for words in
        [[ROOT, ROOT, 64], [ROOT, p.receive_slot, 0], [notification, p.receive_slot, 64], [u64::MAX, 0, 64]]
    {
        p.m.set_receive_slot(words);
        assert_eq!(p.send(p.badged, 0, &[notification]).extra_caps(), 0, "{words:?}");
    }
    assert_eq!(p.m.cap(p.receive_slot), Cap::Null);
}

#[test]
fn what_cannot_be_copied_is_not_sent() {
    let mut p = pair();
    let untyped = p.m.make(ObjectType::Untyped, 12);
    p.m.retype_from(untyped, ObjectType::Endpoint, 0).unwrap();
    let (table, empty) = (p.m.make(ObjectType::PageTable, 0), p.m.free_slot());
    for cap in [untyped, table, InitialSlot::IrqControl as u64, empty] {
        assert_eq!(p.send(p.badged, 0, &[cap]).extra_caps(), 0);
        assert_eq!(p.m.cap(p.receive_slot), Cap::Null);
    }
}

#[test]
fn a_frame_arrives_unmapped() {
    let p = pair();
    let info = p.m.boot_info();
    let mapped = info.user_image_frames.start;
    assert!(matches!(p.m.cap(mapped), Cap::Frame(cap) if cap.mapping.is_some()));
    assert_eq!(p.send(p.badged, 0, &[mapped]).extra_caps(), 1);
    assert!(matches!(p.m.cap(p.receive_slot), Cap::Frame(cap) if cap.mapping.is_none()));
}

#[test]
fn a_reply_carries_capabilities_only_if_the_receiver_may_grant() {
    for (rights, arrived) in [(CapRights::ALL, 1), (CapRights::READ_WRITE, 0)] {
        let mut p = pair();
        let notification = p.m.make(ObjectType::Notification, 0);
        let receive_from = p.m.mint(p.ep, rights, 0);
        p.m.simple(Syscall::Recv, receive_from, &[]);
        let slot = p.receive_slot;
        p.m.set_receive_slot([ROOT, slot, 64]);
        p.m.simple(Syscall::Call, p.badged, &[]);
        assert_eq!(p.m.current(), p.server);
        let info = MessageInfo::new(0, 0, 1, 0);
        p.m.syscall(Syscall::Reply.number() as u64, 0, info, &[], &[notification]);
        assert_eq!(p.m.reply_of(p.client).info.extra_caps(), arrived);
        assert_eq!(p.m.cap(slot) != Cap::Null, arrived == 1);
    }
}

#[test]
fn a_read_only_buffer_sends_but_does_not_receive() {
    let mut p = pair();
    let frame = p.m.make(ObjectType::Page, 0);
    let read_only = p.m.mint(frame, CapRights::READ, 0);
    let root = InitialSlot::Tcb as u64;
    p.m.invoke(Invocation::TcbSetIpcBuffer, root, &[0x400], &[read_only]).unwrap();
    assert_eq!(p.send(p.badged, 10, &[]).length(), 4);
    // Six words are more than the registers hold: the buffer was read.
    let untyped = p.m.big_untyped();
    let slot = p.m.free_slot();
    let words = [ObjectType::Endpoint as u64, 0, 0, 0, slot, 1];
    p.m.invoke(Invocation::UntypedRetype, untyped, &words, &[ROOT]).unwrap();
    let unreadable = p.m.mint(frame, CapRights::WRITE, 0);
    p.m.invoke(Invocation::TcbSetIpcBuffer, root, &[0x400], &[unreadable]).unwrap();
    let refused = p.m.invoke(Invocation::UntypedRetype, untyped, &words, &[ROOT]);
    assert_eq!(refused, Err(rel4_abi::InvocationError::TruncatedMessage));
}

#[test]
fn the_receive_slot_is_found_in_the_space_of_the_receiver() {
    let mut p = pair();
    let notification = p.m.make(ObjectType::Notification, 0);
    let node = p.m.make(ObjectType::CNode, 4);
    // The client's space is the small node; the server's slot has a number that means another slot there.
    for (to, from) in [(1, p.badged), (2, notification), (3, node)] {
        p.m.invoke(Invocation::CNodeCopy, node, &[to, 4, from, 64, CapRights::ALL.word()], &[ROOT]).unwrap();
    }
    let guard = rel4_abi::CNodeCapData::fill(4).word();
    p.m.invoke(Invocation::TcbSetSpace, p.client_cptr, &[0, guard, 0], &[node, InitialSlot::VSpace as u64])
        .unwrap();
    assert_eq!(p.send(1, 0, &[2]), MessageInfo::new(9, 0, 1, 0));
    assert_eq!(p.m.cap(p.receive_slot), p.m.cap(notification));
}
