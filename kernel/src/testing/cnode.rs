//! Operations on CNodes: addressing, checks in the ABI's order, what becomes of badges, guards and rights.

use rel4_abi::lookup_failure::LookupFailure;
use rel4_abi::{CNodeCapData, CapRights, InitialSlot, Invocation, InvocationError, LookupSide, ObjectType};

use super::Machine;
use super::machine::PARTNER;
use crate::cap::{CNodeCap, Cap};
use crate::ipc;

const ROOT: u64 = InitialSlot::CNode as u64;
const ALL: u64 = CapRights::ALL.word();

const ILLEGAL: InvocationError = InvocationError::IllegalOperation;
const TRUNCATED: InvocationError = InvocationError::TruncatedMessage;
const DEPTH_RANGE: InvocationError = InvocationError::RangeError { min: 1, max: 64 };

fn missing(side: LookupSide, bits_left: u64) -> InvocationError {
    InvocationError::FailedLookup { side, failure: LookupFailure::MissingCapability { bits_left } }
}

#[test]
fn an_unknown_label_is_illegal_even_if_the_message_is_too_short() {
    let mut m = Machine::new();
    let tcb = m.make(ObjectType::Tcb, 0);
    let frame = m.make(ObjectType::Page, 0);
    let table = m.make(ObjectType::PageTable, 0);
    let initial = [
        InitialSlot::CNode,
        InitialSlot::Domain,
        InitialSlot::IrqControl,
        InitialSlot::AsidControl,
        InitialSlot::AsidPool,
    ];
    for cptr in initial.map(|slot| slot as u64).into_iter().chain([tcb, frame, table, m.big_untyped()]) {
        for label in [0, 42, 1 << 51] {
            assert_eq!(m.call(cptr, label, &[], &[]).result(), Err(ILLEGAL), "{:?}", m.cap(cptr));
        }
    }
}

#[test]
fn every_operation_names_its_target_first() {
    let m = Machine::new();
    let operations = [
        Invocation::CNodeCopy,
        Invocation::CNodeMint,
        Invocation::CNodeMove,
        Invocation::CNodeMutate,
        Invocation::CNodeRotate,
        Invocation::CNodeDelete,
        Invocation::CNodeRevoke,
        Invocation::CNodeSaveCaller,
        Invocation::CNodeCancelBadgedSends,
    ];
    let count = if ipc::IS_PRESENT { operations.len() } else { operations.len() - 2 };
    for operation in operations[..count].iter().copied() {
        assert_eq!(m.invoke(operation, ROOT, &[1], &[]), Err(TRUNCATED), "{operation:?}");
        for depth in [0, 65, 255, u64::MAX] {
            assert_eq!(m.invoke(operation, ROOT, &[1, depth], &[]), Err(DEPTH_RANGE), "{operation:?}");
        }
        let guard = InvocationError::FailedLookup {
            side: LookupSide::Target,
            failure: LookupFailure::GuardMismatch { bits_left: 50, guard_found: 0, bits_found: 51 },
        };
        assert_eq!(m.invoke(operation, ROOT, &[1, 50], &[]), Err(guard), "{operation:?}");
        let depth = InvocationError::FailedLookup {
            side: LookupSide::Target,
            failure: LookupFailure::DepthMismatch { bits_left: 63, bits_found: 64 },
        };
        assert_eq!(m.invoke(operation, ROOT, &[1, 63], &[]), Err(depth), "{operation:?}");
    }
}

#[test]
fn address_bits_that_lead_nowhere_are_a_depth_mismatch() {
    let mut m = Machine::new();
    let node = m.make(ObjectType::CNode, 4);
    let result = m.invoke(Invocation::CNodeDelete, node, &[3 << 2, 6], &[]);
    let failure = LookupFailure::DepthMismatch { bits_left: 2, bits_found: 0 };
    assert_eq!(result, Err(InvocationError::FailedLookup { side: LookupSide::Target, failure }));
}

#[test]
fn threads_ignore_address_bits_behind_a_capability_that_is_no_cnode() {
    let mut m = Machine::new();
    let node = m.make(ObjectType::CNode, 4);
    let ep = m.make(ObjectType::Notification, 0);
    m.invoke(Invocation::CNodeCopy, node, &[5, 4, ep, 64, ALL], &[ROOT]).unwrap();
    let thread = m.make_thread(1);
    let space = InitialSlot::VSpace as u64;
    m.invoke(Invocation::TcbSetSpace, thread, &[0, 0, 0], &[node, space]).unwrap();
    let slot = crate::cap::lookup::slot_of_thread(m.thread(thread), 5 << 60 | 0x1234).unwrap();
    assert!(matches!(slot.cap(), Cap::Notification(_)));
}

#[test]
fn copy_and_its_kin_check_in_the_order_of_the_abi() {
    let mut m = Machine::new();
    let ep = m.make(ObjectType::Notification, 0);
    let (free, empty) = (m.free_slot(), m.free_slot());
    for (operation, length) in [
        (Invocation::CNodeCopy, 5),
        (Invocation::CNodeMint, 6),
        (Invocation::CNodeMove, 4),
        (Invocation::CNodeMutate, 5),
    ] {
        let invoke = |words: [u64; 6], length: usize, caps: &[u64]| {
            m.invoke(operation, ROOT, &words[..length], caps).unwrap_err()
        };
        assert_eq!(invoke([ep, 64, 0, 0, 0, 0], 3, &[ROOT]), TRUNCATED, "{operation:?}");
        assert_eq!(invoke([ep, 64, 0, 0, 0, 0], 6, &[]), TRUNCATED, "{operation:?}");
        assert_eq!(invoke([ep, 64, empty, 0, 0, 0], 6, &[ROOT]), InvocationError::DeleteFirst);
        assert_eq!(invoke([free, 64, empty, 0, 0, 0], 6, &[ROOT]), DEPTH_RANGE);
        let no_root =
            InvocationError::FailedLookup { side: LookupSide::Source, failure: LookupFailure::InvalidRoot };
        assert_eq!(invoke([free, 64, ep, 64, 0, 0], 6, &[ep]), no_root, "{operation:?}");
        assert_eq!(invoke([free, 64, empty, 64, 0, 0], 4, &[ROOT]), missing(LookupSide::Source, 64));
        if length > 4 {
            assert_eq!(invoke([free, 64, ep, 64, 0, 0], length - 1, &[ROOT]), TRUNCATED, "{operation:?}");
        }
        assert_eq!(m.cap(free), Cap::Null);
    }
}

#[test]
fn what_cannot_be_copied_can_be_moved() {
    let mut m = Machine::new();
    let control = InitialSlot::IrqControl as u64;
    let table = m.make(ObjectType::PageTable, 0);
    for source in [control, table] {
        let slot = m.free_slot();
        assert_eq!(
            m.invoke(Invocation::CNodeCopy, ROOT, &[slot, 64, source, 64, ALL], &[ROOT]),
            Err(ILLEGAL)
        );
        m.invoke(Invocation::CNodeMove, ROOT, &[slot, 64, source, 64], &[ROOT]).unwrap();
        assert_eq!(m.cap(source), Cap::Null);
    }
}

#[test]
fn a_badge_is_given_once_and_by_mint_only() {
    let mut m = Machine::new();
    for object in [PARTNER, ObjectType::Notification] {
        let original = m.make(object, 0);
        let badged = m.mint(original, CapRights::ALL, u64::MAX);
        assert!(matches!(
            m.cap(badged),
            Cap::Endpoint(crate::cap::EndpointCap { badge: u64::MAX, .. })
                | Cap::Notification(crate::cap::NotificationCap { badge: u64::MAX, .. })
        ));
        let slot = m.free_slot();
        for data in [0, 1, u64::MAX] {
            let again = m.invoke(Invocation::CNodeMint, ROOT, &[slot, 64, badged, 64, ALL, data], &[ROOT]);
            assert_eq!(again, Err(ILLEGAL), "Mint of a badged capability with {data}");
            for source in [original, badged] {
                let mutated = m.invoke(Invocation::CNodeMutate, ROOT, &[slot, 64, source, 64, data], &[ROOT]);
                assert_eq!(mutated, Err(ILLEGAL), "Mutate with {data}");
            }
        }
    }
}

#[test]
fn guards_are_set_by_mint_and_mutate_and_kept_by_copy() {
    let mut m = Machine::new();
    let node = m.make(ObjectType::CNode, 4);
    let guard = |m: &Machine, slot| match m.cap(slot) {
        Cap::CNode(CNodeCap { guard, guard_size, .. }) => (guard, guard_size),
        other => panic!("{other:?}"),
    };
    let data = CNodeCapData::new(0x2a, 7).word();
    let minted = m.mint(node, CapRights::ALL, data);
    assert_eq!(guard(&m, minted), (0x2a, 7));
    let copy = m.free_slot();
    m.invoke(Invocation::CNodeCopy, ROOT, &[copy, 64, minted, 64, 0], &[ROOT]).unwrap();
    assert_eq!(guard(&m, copy), (0x2a, 7));
    let reminted = m.mint(minted, CapRights::ALL, 0);
    assert_eq!(guard(&m, reminted), (0, 0));
    let too_long = CNodeCapData::new(0, 61).word();
    let slot = m.free_slot();
    let result = m.invoke(Invocation::CNodeMint, ROOT, &[slot, 64, node, 64, ALL, too_long], &[ROOT]);
    assert_eq!(result, Err(ILLEGAL));
    m.invoke(Invocation::CNodeMutate, ROOT, &[slot, 64, minted, 64, 0], &[ROOT]).unwrap();
    assert_eq!((m.cap(minted), guard(&m, slot)), (Cap::Null, (0, 0)));
}

#[test]
fn rights_only_ever_shrink() {
    let mut m = Machine::new();
    let ep = m.make(ObjectType::Notification, 0);
    for first in 0..16 {
        let copy = m.mint(ep, CapRights::from_word(first), 0);
        let slot = m.free_slot();
        m.invoke(Invocation::CNodeCopy, ROOT, &[slot, 64, copy, 64, u64::MAX], &[ROOT]).unwrap();
        assert!(matches!(m.cap(slot), Cap::Notification(cap) if cap.rights.word() == first));
        m.delete(slot).unwrap();
        m.delete(copy).unwrap();
    }
}

#[test]
fn rotate_reports_each_problem_in_its_turn() {
    let mut m = Machine::new();
    let (a, b) = (m.make(ObjectType::CNode, 1), m.make(ObjectType::CNode, 2));
    let ep = m.make(ObjectType::Notification, 0);
    let (free, empty) = (m.free_slot(), m.free_slot());
    let rotate = |to: u64, pivot: [u64; 2], from: [u64; 2]| {
        let words = [to, 64, 0, pivot[0], pivot[1], 0, from[0], from[1]];
        m.invoke(Invocation::CNodeRotate, ROOT, &words, &[ROOT, ROOT]).map(|_| ())
    };
    let short = m.invoke(Invocation::CNodeRotate, ROOT, &[free, 64, 0, a, 64, 0, b], &[ROOT, ROOT]);
    assert_eq!(short, Err(TRUNCATED));
    let one_root = m.invoke(Invocation::CNodeRotate, ROOT, &[free, 64, 0, a, 64, 0, b, 64], &[ROOT]);
    assert_eq!(one_root, Err(TRUNCATED));
    assert_eq!(rotate(free, [a, 64], [b, 0]), Err(DEPTH_RANGE));
    let source_side = |result: Result<(), InvocationError>| {
        matches!(result, Err(InvocationError::FailedLookup { side: LookupSide::Source, .. }))
    };
    assert!(source_side(rotate(free, [a, 50], [b, 64])), "an unresolvable pivot counts as a source");
    assert_eq!(rotate(ep, [a, 64], [a, 64]), Err(ILLEGAL));
    assert_eq!(rotate(a, [a, 64], [b, 64]), Err(ILLEGAL));
    assert_eq!(rotate(ep, [a, 64], [empty, 64]), Err(InvocationError::DeleteFirst));
    assert_eq!(rotate(free, [empty, 64], [empty, 64]), Err(ILLEGAL));
    assert_eq!(rotate(free, [a, 64], [empty, 64]), Err(missing(LookupSide::Source, 64)));
    assert_eq!(rotate(free, [empty, 64], [a, 64]), Err(missing(LookupSide::Target, 64)));
    assert_eq!(rotate(free, [a, 64], [ep, 64]), Err(ILLEGAL), "a badge cannot be rotated in");
    assert_eq!(rotate(free, [ep, 64], [a, 64]), Err(ILLEGAL));
}

#[test]
fn rotate_moves_pivot_and_source_and_exchanges_two_slots_where_they_are_neighbours_in_the_tree() {
    let mut m = Machine::new();
    let node = m.make(ObjectType::CNode, 2);
    let copy = m.mint(node, CapRights::ALL, CNodeCapData::new(1, 3).word());
    let sizes = |m: &Machine, slots: [u64; 2]| {
        slots.map(|slot| match m.cap(slot) {
            Cap::CNode(cap) => cap.guard_size,
            other => panic!("{other:?}"),
        })
    };
    let (five, six) = (CNodeCapData::new(0, 5).word(), CNodeCapData::new(0, 6).word());
    let words = [node, 64, five, copy, 64, six, node, 64];
    m.invoke(Invocation::CNodeRotate, ROOT, &words, &[ROOT, ROOT]).unwrap();
    m.check_all();
    assert_eq!(
        sizes(&m, [node, copy]),
        [5, 6],
        "pivot data goes with the pivot, source data with the source"
    );
    // Back again, named in the other order.
    m.invoke(Invocation::CNodeRotate, ROOT, &words, &[ROOT, ROOT]).unwrap();
    let words = [copy, 64, six, node, 64, five, copy, 64];
    m.invoke(Invocation::CNodeRotate, ROOT, &words, &[ROOT, ROOT]).unwrap();
    m.check_all();
    assert_eq!(sizes(&m, [node, copy]), [5, 6]);
    // The original is now where the copy was: revoking there removes the copy.
    m.revoke(copy).unwrap();
    assert_eq!(m.cap(node), Cap::Null);

    let (to, other) = (m.free_slot(), m.make(ObjectType::CNode, 1));
    let words = [to, 64, five, copy, 64, six, other, 64];
    m.invoke(Invocation::CNodeRotate, ROOT, &words, &[ROOT, ROOT]).unwrap();
    m.check_all();
    assert_eq!((sizes(&m, [to, copy]), m.cap(other)), ([5, 6], Cap::Null));
}

#[test]
fn delete_and_revoke_of_an_empty_slot_succeed() {
    let mut m = Machine::new();
    let empty = m.free_slot();
    m.delete(empty).unwrap();
    m.revoke(empty).unwrap();
}

#[cfg(feature = "sync-ipc")]
#[test]
fn cancelling_badged_sends_needs_all_rights_to_an_endpoint() {
    let mut m = Machine::new();
    let ep = m.make(ObjectType::Endpoint, 0);
    let notification = m.make(ObjectType::Notification, 0);
    let badged = m.mint(ep, CapRights::ALL, 3);
    let cancel =
        |m: &Machine, slot| m.invoke(Invocation::CNodeCancelBadgedSends, ROOT, &[slot, 64], &[]).map(|_| ());
    assert_eq!((cancel(&m, ep), cancel(&m, badged)), (Ok(()), Ok(())));
    let weak = m.mint(ep, CapRights::NO_WRITE, 4);
    let empty = m.free_slot();
    for slot in [weak, notification, empty] {
        assert_eq!(cancel(&m, slot), Err(ILLEGAL));
    }
}

#[cfg(feature = "sync-ipc")]
#[test]
fn a_cancelled_sender_finds_that_its_capability_has_been_revoked() {
    let mut m = Machine::new();
    let ep = m.make(ObjectType::Endpoint, 0);
    let (mine, other) = (m.mint(ep, CapRights::ALL, 3), m.mint(ep, CapRights::ALL, 4));
    let (a, b) = (m.make_thread(255), m.make_thread(255));
    let root = m.current();
    use rel4_abi::Syscall;
    for (thread, cptr) in [(a, mine), (b, other)] {
        m.resume(thread);
        m.simple(Syscall::Yield, 0, &[]);
        assert_eq!(m.current(), m.thread(thread));
        m.simple(Syscall::Call, cptr, &[1]);
    }
    assert_eq!(m.current(), root);
    let (a, b) = (m.thread(a), m.thread(b));
    m.invoke(Invocation::CNodeCancelBadgedSends, ROOT, &[mine, 64], &[]).unwrap();
    m.delete(mine).unwrap();
    assert!(matches!(b.state(), crate::object::ThreadState::BlockedOnSend(_)), "the other badge stays");
    m.simple(Syscall::Yield, 0, &[]);
    assert_eq!(m.current(), a);
    m.ecall();
    assert_eq!(m.reply_of(a).result(), Err(InvocationError::InvalidCapability { index: 0 }));
}

#[cfg(feature = "sync-ipc")]
#[test]
fn save_caller_without_a_caller_succeeds_and_saves_nothing() {
    let mut m = Machine::new();
    let slot = m.free_slot();
    m.invoke(Invocation::CNodeSaveCaller, ROOT, &[slot, 64], &[]).unwrap();
    assert_eq!(m.cap(slot), Cap::Null);
    let occupied = m.invoke(Invocation::CNodeSaveCaller, ROOT, &[ROOT, 64], &[]);
    assert_eq!(occupied, Err(InvocationError::DeleteFirst));
}

#[test]
fn a_zombie_left_by_a_preempted_deletion_can_be_moved_and_finished_but_not_used() {
    let mut m = Machine::new();
    let node = m.make(ObjectType::CNode, 8);
    for index in 0..256 {
        let words = [ObjectType::Notification as u64, 0, node, 64, index, 1];
        m.invoke(Invocation::UntypedRetype, m.big_untyped(), &words, &[ROOT]).unwrap();
    }
    let root = m.current();
    m.preempt_soon();
    let _ = m.delete(node);
    m.no_interrupt();
    assert!(matches!(m.cap(node), Cap::Zombie(_)), "the deletion was preempted");
    assert_eq!(root.context.next_pc.get(), root.context.fault_pc.get(), "and will be executed again");
    assert_eq!(m.call(node, 17, &[], &[]).result(), Err(InvocationError::InvalidCapability { index: 0 }));
    let slot = m.free_slot();
    assert_eq!(m.invoke(Invocation::CNodeCopy, ROOT, &[slot, 64, node, 64, ALL], &[ROOT]), Err(ILLEGAL));
    m.invoke(Invocation::CNodeMove, ROOT, &[slot, 64, node, 64], &[ROOT]).unwrap();
    m.delete(slot).unwrap();
    assert_eq!(m.cap(slot), Cap::Null);
    m.check_all();
}
