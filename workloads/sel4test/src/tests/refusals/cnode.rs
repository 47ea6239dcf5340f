//! CNodes.

use rel4_abi::cptr::WORD_BITS;
use rel4_abi::{
    CNodeCapData, CPtr, CapRights, Error, Invocation, LookupFailure, LookupSide, MessageInfo, ObjectType,
};
use rel4_runtime::arch;
use rel4_runtime::cap::{CNode, Endpoint};
use rel4_runtime::ipc::Registers;

use super::{
    Answer, DELETE_FIRST, ILLEGAL_OPERATION, REVOKE_FIRST, check_unknown, check_wants_all, lookup_failed,
    out_of_range,
};
use crate::cspace::{self, PROCESS_RADIX_BITS, slot};
use crate::env::{Env, is_empty};
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(in super::super) const TESTS: &[Test] = &[
    basic("REL4_CNODE0001", "operations on CNodes want all their words and capabilities", short_messages),
    basic("REL4_CNODE0002", "addresses that lead nowhere are refused, and why is told", addresses),
    basic("REL4_CNODE0003", "what may not be copied or changed is not", no_copies),
    basic("REL4_CNODE0004", "Rotate tells its three slots apart", rotate),
    basic("REL4_CNODE0005", "only an endpoint with all rights has its sends cancelled", cancel),
    basic("REL4_CNODE0006", "a way to answer can be moved, but not copied", reply_capability),
];

const DEPTH: u64 = WORD_BITS as u64;

fn short_messages(env: &mut Env) -> Outcome {
    let (source, pivot, target) = (env.tcb()?.0.word(), env.tcb()?.0.word(), env.empty_slot()?.word());
    let (root, all) = (cspace::CNODE.0, CapRights::ALL.word());
    let words = [target, DEPTH, source, DEPTH, all, 0];
    for (invocation, length) in [
        (Invocation::CNodeCopy, 5),
        (Invocation::CNodeMint, 6),
        (Invocation::CNodeMove, 4),
        (Invocation::CNodeMutate, 5),
    ] {
        check_wants_all(root, invocation, &[root], &words[..length]);
    }
    let words = [target, DEPTH, 0, pivot, DEPTH, 0, source, DEPTH];
    check_wants_all(root, Invocation::CNodeRotate, &[root, root], &words);
    for invocation in [
        Invocation::CNodeDelete,
        Invocation::CNodeRevoke,
        Invocation::CNodeCancelBadgedSends,
        Invocation::CNodeSaveCaller,
    ] {
        check_wants_all(root, invocation, &[], &[target, DEPTH]);
    }
    check_unknown(root, &[Invocation::TcbResume, Invocation::UntypedRetype, Invocation::DomainSetSet]);
    check_eq!(is_empty(slot(CPtr(target))), Ok(true));
    Ok(())
}

fn addresses(env: &mut Env) -> Outcome {
    const RADIX_BITS: u32 = 2;
    const GUARD_BITS: u64 = (WORD_BITS - PROCESS_RADIX_BITS) as u64;
    let (node, thread) = (env.cnode(RADIX_BITS)?, env.tcb()?);
    let target = env.empty_slot()?;
    let copy_from =
        |root: CNode, index: u64, depth: u32| slot(target).copy_from(root.slot(index, depth), CapRights::ALL);
    let source = |failure| lookup_failed(LookupSide::Source, failure);

    for depth in [0, WORD_BITS + 1] {
        check_eq!(copy_from(node, 0, depth), out_of_range(1, DEPTH));
        check_eq!(node.slot(0, depth).delete(), out_of_range(1, DEPTH));
    }
    check_eq!(copy_from(CNode(thread.0), 0, RADIX_BITS), source(LookupFailure::InvalidRoot));

    // The own root has a guard of zeros in front of its slots.
    let guard =
        |bits_left| LookupFailure::GuardMismatch { bits_left, guard_found: 0, bits_found: GUARD_BITS };
    check_eq!(copy_from(cspace::CNODE, 1 << PROCESS_RADIX_BITS, WORD_BITS), source(guard(DEPTH)));
    check_eq!(copy_from(cspace::CNODE, 0, 10), source(guard(10)));
    let far = cspace::CNODE.slot(1 << PROCESS_RADIX_BITS, WORD_BITS);
    check_eq!(far.delete(), lookup_failed(LookupSide::Target, guard(DEPTH)));

    // Too few bits for the node, and bits that are left over where the way ends.
    let too_few = LookupFailure::DepthMismatch { bits_left: 1, bits_found: u64::from(RADIX_BITS) };
    check_eq!(copy_from(node, 0, 1), source(too_few));
    node.slot(1, RADIX_BITS).copy_from(slot(thread.0), CapRights::ALL)?;
    let left_over = LookupFailure::DepthMismatch { bits_left: 3, bits_found: 0 };
    check_eq!(copy_from(node, 0b01_000, RADIX_BITS + 3), source(left_over));
    check_eq!(node.slot(0b01_000, RADIX_BITS + 3).delete(), lookup_failed(LookupSide::Target, left_over));
    // A node in the node is gone through.
    node.slot(2, RADIX_BITS).copy_from(slot(node.0), CapRights::ALL)?;
    check_eq!(copy_from(node, 0b10_01, 2 * RADIX_BITS), Ok(()));
    check_eq!(is_empty(slot(target)), Ok(false));
    Ok(())
}

fn no_copies(env: &mut Env) -> Outcome {
    const RADIX_BITS: u32 = 2;
    let target = env.empty_slot()?;
    let copy = |source: CPtr| slot(target).copy_from(slot(source), CapRights::ALL);
    let mint = |source: CPtr, badge| slot(target).mint_badged_from(slot(source), CapRights::ALL, badge);

    let (untyped, child) = (env.untyped(13)?, env.empty_slot()?);
    untyped.retype(ObjectType::Endpoint, 0, cspace::CNODE, child.word(), 1)?;
    check_eq!(copy(untyped.0), REVOKE_FIRST);
    check_eq!(copy(env.page_table()?.0), ILLEGAL_OPERATION);

    let endpoint = env.endpoint()?.0;
    let badged = env.badged(endpoint, 5)?;
    check_eq!(mint(badged, 6), ILLEGAL_OPERATION);
    check_eq!(mint(badged, 0), ILLEGAL_OPERATION);
    let change = CNodeCapData::from_word(5);
    check_eq!(slot(target).mutate_from(slot(endpoint), change), ILLEGAL_OPERATION);
    check_eq!(is_empty(slot(endpoint)), Ok(false));

    let node = env.cnode(RADIX_BITS)?;
    let too_long = CNodeCapData::new(0, WORD_BITS - RADIX_BITS + 1);
    check_eq!(slot(target).mint_guarded_from(slot(node.0), too_long), ILLEGAL_OPERATION);
    check_eq!(slot(target).mutate_from(slot(node.0), too_long), ILLEGAL_OPERATION);
    check_eq!(is_empty(slot(node.0)), Ok(false));
    check_eq!(is_empty(slot(target)), Ok(true));
    Ok(())
}

fn rotate(env: &mut Env) -> Outcome {
    let (source, pivot, target) = (env.tcb()?.0, env.tcb()?.0, env.empty_slot()?);
    let empty = env.empty_slot()?;
    let rotate = |target, pivot, source| slot(target).rotate_from(slot(pivot), slot(source));
    let missing = LookupFailure::MissingCapability { bits_left: DEPTH };
    check_eq!(rotate(target, empty, source), lookup_failed(LookupSide::Target, missing));
    check_eq!(rotate(target, pivot, empty), lookup_failed(LookupSide::Source, missing));
    check_eq!(rotate(pivot, pivot, source), ILLEGAL_OPERATION);
    check_eq!(rotate(target, source, source), ILLEGAL_OPERATION);
    check_eq!(rotate(env.endpoint()?.0, pivot, source), DELETE_FIRST);
    // The occupied target comes before the empty source.
    check_eq!(rotate(source, pivot, empty), DELETE_FIRST);
    // A pivot that cannot be looked up counts as a source.
    let nowhere = cspace::CNODE.slot(0, WORD_BITS + 1);
    check_eq!(slot(target).rotate_from(nowhere, slot(source)), out_of_range(1, DEPTH));
    for (cptr, expected) in [(source, false), (pivot, false), (target, true)] {
        check_eq!(is_empty(slot(cptr)), Ok(expected));
    }
    Ok(())
}

fn cancel(env: &mut Env) -> Outcome {
    let (endpoint, notification) = (env.endpoint()?.0, env.notification()?.0);
    let badged = env.badged(endpoint, 1)?;
    check_eq!(slot(badged).cancel_badged_sends(), Ok(()));
    for missing in [CapRights::WRITE, CapRights::READ, CapRights::GRANT, CapRights::GRANT_REPLY] {
        let rights = CapRights::from_word(CapRights::ALL.word() & !missing.word());
        let copy = env.copy_with(endpoint, rights)?;
        check_eq!(slot(copy).cancel_badged_sends(), ILLEGAL_OPERATION);
    }
    check_eq!(slot(notification).cancel_badged_sends(), ILLEGAL_OPERATION);
    Ok(())
}

fn reply_capability(env: &mut Env) -> Outcome {
    const ANSWER: u64 = 11;
    fn call([endpoint, ..]: [u64; 4]) -> Outcome<u64> {
        Ok(Endpoint(CPtr(endpoint)).call(0, []).words[0])
    }
    let (endpoint, caller) = (env.endpoint()?, env.thread()?);
    let (saved, moved) = (env.empty_slot()?, env.empty_slot()?);
    caller.start(call, [endpoint.0.word(), 0, 0, 0])?;
    let _request = endpoint.recv();
    slot(saved).save_caller()?;
    let copy: Answer = slot(moved).copy_from(slot(saved), CapRights::ALL);
    check_eq!(copy, ILLEGAL_OPERATION);
    check_eq!(slot(moved).move_from(slot(saved)), Ok(()));
    Endpoint(moved).send(0, [ANSWER]);
    check_eq!(caller.join()?, ANSWER);
    // It answers once.
    check_eq!(is_empty(slot(moved)), Ok(true));
    let used = arch::call(moved, MessageInfo::default(), Registers::new([]));
    check_eq!(used.info.label(), Error::InvalidCapability.label());
    Ok(())
}
