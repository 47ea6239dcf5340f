//! Sender pages and interrupt files belong to one notification: in the derivation tree, and when it is waited for.

use rel4_abi::{CapRights, InitialSlot, Invocation, InvocationError, ObjectType, Syscall, UintrInvocation};

use super::Machine;
use crate::arch;
use crate::cap::Cap;
use crate::object::ThreadState;

const ROOT: u64 = InitialSlot::CNode as u64;
const SPACE: u64 = InitialSlot::VSpace as u64;
const TCB: u64 = InitialSlot::Tcb as u64;
/// Pages with page tables: behind the BootInfo of the root task.
const PAGE: u64 = 0x4_0000;

/// A machine whose root task is a registered receiver, with the untyped and the notification that it uses, and an endpoint made of the
/// same untyped before.
fn receiver() -> (Machine, u64, u64, u64) {
    let mut m = Machine::new();
    let untyped = m.make(ObjectType::Untyped, 12);
    let ep = m.retype_from(untyped, ObjectType::Notification, 0).unwrap();
    let notification = m.retype_from(untyped, ObjectType::Notification, 0).unwrap();
    m.invoke(Invocation::TcbBindNotification, TCB, &[], &[notification]).unwrap();
    let label = UintrInvocation::RegisterReceiver.label();
    m.call(TCB, label, &[0x1_0000], &[notification]).result().unwrap();
    (m, untyped, ep, notification)
}

fn add_sender(m: &mut Machine, notification: u64, vaddr: u64) -> u64 {
    let slot = m.free_slot();
    let label = UintrInvocation::RegisterSender.label();
    m.call(SPACE, label, &[vaddr, slot, 64], &[notification, ROOT]).result().unwrap();
    m.check_all();
    slot
}

#[test]
fn memory_in_use_is_not_given_out_again_because_a_notification_went_before_its_sender_page() {
    let (mut m, untyped, ep, notification) = receiver();
    add_sender(&mut m, notification, PAGE);
    m.delete(notification).unwrap();
    m.check_all();
    let all = m.retype_from(untyped, ObjectType::Untyped, 12);
    assert!(matches!(all, Err(InvocationError::NotEnoughMemory { .. })), "{all:?}");
    m.revoke(untyped).unwrap();
    assert_eq!(m.cap(ep), Cap::Null);
    m.retype_from(untyped, ObjectType::Untyped, 12).unwrap();
}

#[test]
fn a_notification_ends_with_its_last_capability_of_either_kind() {
    let (mut m, _, _, notification) = receiver();
    let copy = m.mint(notification, CapRights::READ, 0);
    let page = add_sender(&mut m, notification, PAGE);
    let root = m.current();
    for slot in [notification, copy] {
        m.delete(slot).unwrap();
        assert!(root.bound_notification().is_some(), "there are other capabilities to it");
    }
    m.delete(page).unwrap();
    m.check_all();
    assert_eq!(root.bound_notification(), None);
}

#[test]
fn revoking_a_badged_capability_takes_its_own_sender_pages_only() {
    let (mut m, _, _, notification) = receiver();
    let page = add_sender(&mut m, notification, PAGE);
    let badged = m.mint(notification, CapRights::ALL, 7);
    let (first, second) =
        (add_sender(&mut m, badged, PAGE + 0x1000), add_sender(&mut m, badged, PAGE + 0x2000));
    m.revoke(badged).unwrap();
    let gone = |m: &Machine, slots: &[u64]| slots.iter().all(|&slot| m.cap(slot) == Cap::Null);
    assert!(gone(&m, &[first, second]));
    assert_ne!(m.cap(page), Cap::Null);
    // What a deleted capability leaves behind is not its successor's.
    let orphan = add_sender(&mut m, badged, PAGE + 0x1000);
    m.delete(badged).unwrap();
    let next = m.mint(notification, CapRights::ALL, 8);
    m.revoke(next).unwrap();
    assert_ne!(m.cap(orphan), Cap::Null);
    m.revoke(notification).unwrap();
    assert!(gone(&m, &[page, orphan, next]));
    m.check_all();
}

#[test]
fn what_is_stored_for_one_notification_is_not_received_from_another() {
    let (mut m, _, _, notification) = receiver();
    let other = m.make(ObjectType::Notification, 0);
    let lower = m.make_thread(1);
    m.resume(lower);
    let root = m.current();
    let file = arch::file_page(m.k, 0, root.mode_state.file());
    arch::raise_identity(file, 3);
    let poll = |cptr| {
        m.simple(Syscall::NBRecv, cptr, &[]);
        m.reply_of(root).badge
    };
    assert_eq!((poll(other), poll(notification)), (0, 1 << 2));
    arch::raise_identity(file, 3);
    m.simple(Syscall::Recv, other, &[]);
    assert!(matches!(root.state(), ThreadState::BlockedOnNotification(_)), "nobody signalled this one");
    assert_eq!(arch::armed_and_pending_files(), 0);
}

#[test]
fn a_sender_page_that_went_with_its_page_table_unmaps_nothing_that_came_after_it() {
    const ELSEWHERE: u64 = 0x20_0000_0000;
    let (mut m, _, _, notification) = receiver();
    let tables = [m.make(ObjectType::PageTable, 0), m.make(ObjectType::PageTable, 0)];
    let map_last = |m: &Machine| {
        m.invoke(Invocation::RiscvPageTableMap, tables[1], &[ELSEWHERE, 0], &[SPACE]).unwrap();
    };
    m.invoke(Invocation::RiscvPageTableMap, tables[0], &[ELSEWHERE, 0], &[SPACE]).unwrap();
    map_last(&m);
    let stale = add_sender(&mut m, notification, ELSEWHERE);
    m.invoke(Invocation::RiscvPageTableUnmap, tables[1], &[], &[]).unwrap();
    map_last(&m);
    let (thread, other) = (m.make_thread(1), m.make(ObjectType::Notification, 0));
    m.invoke(Invocation::TcbBindNotification, thread, &[], &[other]).unwrap();
    m.call(thread, UintrInvocation::RegisterReceiver.label(), &[0x1_0000], &[other]).result().unwrap();
    let page = add_sender(&mut m, other, ELSEWHERE);
    m.delete(stale).unwrap();
    let (Cap::PageTable(space), Cap::SenderPage(cap)) = (m.cap(SPACE), m.cap(page)) else { panic!() };
    let entry = crate::vm::space::walk(space.table, ELSEWHERE).entry.get();
    assert!(entry.is_leaf_to(cap.file.page(m.k)));
}
