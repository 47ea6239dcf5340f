//! Delete and Revoke: what goes, what stays, and nothing left behind.

use rel4_abi::{CapRights, InitialSlot, Invocation, InvocationError, ObjectType, Syscall};

use super::Machine;
use crate::cap::Cap;
use crate::obj::Obj;
use crate::object::Tcb;

const ROOT: u64 = InitialSlot::CNode as u64;

/// What an invocation answers.
type Answer = Result<[u64; 4], InvocationError>;

fn copy(m: &mut Machine, source: u64) -> u64 {
    let slot = m.free_slot();
    m.invoke(Invocation::CNodeCopy, ROOT, &[slot, 64, source, 64, CapRights::ALL.word()], &[ROOT]).unwrap();
    slot
}

#[test]
fn revoke_removes_all_derived_capabilities_and_keeps_its_own() {
    let mut m = Machine::new();
    let ep = m.make(ObjectType::Endpoint, 0);
    let badged = m.mint(ep, CapRights::ALL, 7);
    let copy_of_badged = copy(&mut m, badged);
    let plain = copy(&mut m, ep);
    m.revoke(badged).unwrap();
    assert_eq!(m.cap(copy_of_badged), Cap::Null);
    assert_ne!(m.cap(badged), Cap::Null);
    m.revoke(ep).unwrap();
    assert_eq!((m.cap(badged), m.cap(plain)), (Cap::Null, Cap::Null));
    assert_ne!(m.cap(ep), Cap::Null);
}

#[test]
fn revoking_an_untyped_takes_everything_made_of_it_back() {
    let mut m = Machine::new();
    let untyped = m.make(ObjectType::Untyped, 18);
    let all: Vec<u64> = [
        (ObjectType::Tcb, 0),
        (ObjectType::Endpoint, 0),
        (ObjectType::Notification, 0),
        (ObjectType::CNode, 4),
        (ObjectType::Page, 0),
        (ObjectType::PageTable, 0),
        (ObjectType::Untyped, 10),
    ]
    .into_iter()
    .map(|(object, bits)| m.retype_from(untyped, object, bits).unwrap())
    .collect();
    m.revoke(untyped).unwrap();
    assert!(all.iter().all(|&slot| m.cap(slot) == Cap::Null));
    m.retype_from(untyped, ObjectType::Untyped, 18).unwrap();
}

#[test]
fn a_cnode_that_holds_the_only_capability_to_itself_can_be_deleted() {
    let mut m = Machine::new();
    let node = m.make(ObjectType::CNode, 4);
    let inner = copy(&mut m, node);
    // Move the copy into the node itself, then delete the outer capability: only the one inside is left.
    m.invoke(Invocation::CNodeMove, node, &[3, 4, inner, 64], &[ROOT]).unwrap();
    m.delete(node).unwrap();
    assert_eq!(m.cap(node), Cap::Null);
}

#[test]
fn two_cnodes_that_hold_each_other_can_be_deleted() {
    let mut m = Machine::new();
    let (a, b) = (m.make(ObjectType::CNode, 3), m.make(ObjectType::CNode, 3));
    let (copy_a, copy_b) = (copy(&mut m, a), copy(&mut m, b));
    m.invoke(Invocation::CNodeMove, a, &[5, 3, copy_b, 64], &[ROOT]).unwrap();
    m.invoke(Invocation::CNodeMove, b, &[2, 3, copy_a, 64], &[ROOT]).unwrap();
    m.delete(a).unwrap();
    m.delete(b).unwrap();
    assert_eq!((m.cap(a), m.cap(b)), (Cap::Null, Cap::Null));
}

#[test]
fn a_deep_chain_of_cnodes_is_deleted_without_recursion() {
    let mut m = Machine::new();
    let mut outer = m.make(ObjectType::CNode, 1);
    let first = outer;
    for _ in 0..500 {
        let inner = m.make(ObjectType::CNode, 1);
        m.invoke(Invocation::CNodeMove, outer, &[1, 1, inner, 64], &[ROOT]).unwrap();
        // The next link goes into the CNode that has just moved: address it through its parent's slot.
        let moved = copy_from(&mut m, outer, 1, 1);
        outer = moved;
    }
    m.revoke(first).unwrap();
    m.delete(first).unwrap();
}

fn copy_from(m: &mut Machine, node: u64, index: u64, depth: u64) -> u64 {
    let slot = m.free_slot();
    m.invoke(Invocation::CNodeCopy, ROOT, &[slot, 64, index, depth, CapRights::ALL.word()], &[node]).unwrap();
    slot
}

#[test]
fn deleting_a_thread_takes_it_out_of_the_queue_that_it_waits_in() {
    let mut m = Machine::new();
    let notification = m.make(ObjectType::Notification, 0);
    let helper = m.make_thread(255);
    let root = m.current();
    m.resume(helper);
    m.simple(Syscall::Yield, 0, &[]);
    assert_ne!(m.current(), root, "the helper runs");
    m.simple(Syscall::Recv, notification, &[]);
    assert_eq!(m.current(), root, "the helper waits");
    m.delete(helper).unwrap();
    let Cap::Notification(cap) = m.cap(notification) else { panic!() };
    assert!(!cap.notification.has_waiters());
}

#[test]
fn a_copied_untyped_can_be_retyped_through_one_capability_only() {
    let mut m = Machine::new();
    let untyped = m.make(ObjectType::Untyped, 12);
    let other = copy(&mut m, untyped);
    m.retype_from(other, ObjectType::Page, 0).unwrap();
    let error = m.retype_from(untyped, ObjectType::Page, 0).unwrap_err();
    assert_eq!(error, InvocationError::NotEnoughMemory { bytes_free: 0 });
}

#[test]
fn an_untyped_with_children_is_not_copied() {
    let mut m = Machine::new();
    let untyped = m.make(ObjectType::Untyped, 12);
    m.retype_from(untyped, ObjectType::Endpoint, 0).unwrap();
    let slot = m.free_slot();
    let result =
        m.invoke(Invocation::CNodeCopy, ROOT, &[slot, 64, untyped, 64, CapRights::ALL.word()], &[ROOT]);
    assert_eq!(result, Err(InvocationError::RevokeFirst));
}

#[test]
fn a_preempted_revoke_goes_on_until_all_descendants_are_gone() {
    let mut m = Machine::new();
    let ep = m.make(ObjectType::Endpoint, 0);
    let copies: Vec<u64> = (0..3).map(|_| copy(&mut m, ep)).collect();
    let left = |m: &Machine| copies.iter().filter(|&&slot| m.cap(slot) != Cap::Null).count();
    let thread = m.current();
    m.preempt_soon();
    let _ = m.revoke(ep);
    m.no_interrupt();
    assert_eq!(left(&m), 2, "one unit of work was done");
    assert_eq!(thread.context.next_pc.get(), thread.context.fault_pc.get(), "it will be executed again");
    m.ecall();
    assert_eq!((left(&m), m.reply_of(thread).result().is_ok()), (0, true));
}

#[test]
fn revoking_a_badge_takes_its_copies_and_no_equal_badge_minted_apart() {
    let mut m = Machine::new();
    let ep = m.make(ObjectType::Endpoint, 0);
    let first = m.mint(ep, CapRights::ALL, 7);
    let copy_of_first = copy(&mut m, first);
    let second = m.mint(ep, CapRights::ALL, 7);
    m.revoke(second).unwrap();
    assert_ne!(m.cap(first), Cap::Null);
    // The copy inherits that it was not made from the second.
    m.delete(first).unwrap();
    m.revoke(second).unwrap();
    assert_ne!(m.cap(copy_of_first), Cap::Null);
    m.revoke(ep).unwrap();
    assert_eq!((m.cap(second), m.cap(copy_of_first)), (Cap::Null, Cap::Null));
}

#[test]
fn the_empty_slots_of_a_large_cnode_go_in_few_steps_after_each_of_which_an_interrupt_is_taken() {
    const BITS: u64 = 12;
    const MOST_AT_ONCE: u64 = 16;
    let mut m = Machine::new();
    let node = m.make(ObjectType::CNode, BITS);
    let endpoint = m.make(ObjectType::Endpoint, 0);
    m.invoke(Invocation::CNodeMove, node, &[100, BITS, endpoint, 64], &[ROOT]).unwrap();
    let (mut remaining, mut steps) = (1 << BITS, 0);
    loop {
        m.preempt_soon();
        let _ = m.delete(node);
        m.no_interrupt();
        let Cap::Zombie(zombie) = m.cap(node) else { break };
        assert!((1..=MOST_AT_ONCE).contains(&(remaining - zombie.remaining)), "{remaining} {zombie:?}");
        (remaining, steps) = (zombie.remaining, steps + 1);
    }
    assert_eq!(m.cap(node), Cap::Null);
    assert!(steps <= (1 << BITS) / MOST_AT_ONCE + 3, "{steps}");
    m.check_all();
}

/// Makes `count` threads wait at the endpoint or notification at `cptr`.
fn make_wait(m: &mut Machine, cptr: u64, count: usize) -> Vec<Obj<Tcb>> {
    let threads: Vec<u64> = (0..count).map(|_| m.make_thread(255)).collect();
    let threads: Vec<_> = threads.into_iter().map(|thread| (m.resume(thread), m.thread(thread)).1).collect();
    let root = m.current();
    m.simple(Syscall::Yield, 0, &[]);
    while m.current() != root {
        m.simple(Syscall::Recv, cptr, &[]);
    }
    assert!(threads.iter().all(|thread| !thread.is_runnable()));
    threads
}

/// Executes what deletes the object that the threads wait at, interrupted after the first unit of work, then again.
fn delete_interrupted(m: &Machine, threads: &[Obj<Tcb>], delete: impl FnOnce(&Machine) -> Answer) {
    let (root, waiting) = (m.current(), || threads.iter().filter(|thread| !thread.is_runnable()).count());
    m.preempt_soon();
    let _not_yet = delete(m);
    m.no_interrupt();
    assert_eq!(waiting(), threads.len() - 1, "one unit of work was done");
    assert_eq!(root.context.next_pc.get(), root.context.fault_pc.get(), "it will be executed again");
    m.ecall();
    assert_eq!((waiting(), m.reply_of(root).result().is_ok()), (0, true));
}

#[test]
fn deleting_an_endpoint_or_notification_that_threads_wait_at_is_preempted_and_goes_on() {
    for object in [ObjectType::Endpoint, ObjectType::Notification] {
        let mut m = Machine::new();
        let object = m.make(object, 0);
        let threads = make_wait(&mut m, object, 3);
        delete_interrupted(&m, &threads, |m| m.delete(object));
        assert_eq!(m.cap(object), Cap::Null);
    }
}

#[test]
fn an_interrupt_that_lets_the_last_capability_to_a_notification_go_is_preempted_and_goes_on() {
    const IRQ_CONTROL: u64 = InitialSlot::IrqControl as u64;
    type LetGo = fn(&Machine, u64, u64) -> Answer;
    let ways: [LetGo; 3] = [
        |m, handler, _| m.delete(handler),
        |m, handler, _| m.invoke(Invocation::IrqClearIrqHandler, handler, &[], &[]),
        |m, handler, other| m.invoke(Invocation::IrqSetIrqHandler, handler, &[], &[other]),
    ];
    for let_go in ways {
        let mut m = Machine::new();
        let (notification, other) =
            (m.make(ObjectType::Notification, 0), m.make(ObjectType::Notification, 0));
        let handler = m.free_slot();
        m.invoke(Invocation::IrqIssueIrqHandler, IRQ_CONTROL, &[10, handler, 64], &[ROOT]).unwrap();
        m.invoke(Invocation::IrqSetIrqHandler, handler, &[], &[notification]).unwrap();
        let threads = make_wait(&mut m, notification, 3);
        m.delete(notification).unwrap();
        delete_interrupted(&m, &threads, |m| let_go(m, handler, other));
    }
}
