//! Untyped memory.

use rel4_abi::cptr::WORD_BITS;
use rel4_abi::object::{
    MAX_UNTYPED_BITS, MIN_UNTYPED_BITS, OBJECT_TYPE_COUNT, PAGE_BITS, RETYPE_FAN_OUT_LIMIT,
};
use rel4_abi::{CPtr, CapRights, Invocation, InvocationError, LookupFailure, LookupSide, ObjectType};

use super::{
    Answer, ILLEGAL_OPERATION, attempt, check_unknown, check_wants_all, invalid_argument, invalid_capability,
    lookup_failed, out_of_range,
};
use crate::cspace::{self, PROCESS_RADIX_BITS, slot};
use crate::env::{Env, is_empty};
use crate::expect::refused;
use crate::report::Outcome;
use crate::test::{Test, basic};
use rel4_runtime::cap::Frame;

pub(in super::super) const TESTS: &[Test] = &[
    basic("REL4_UNTYPED0001", "Retype wants all its words and the root", short_messages),
    basic("REL4_UNTYPED0002", "Retype refuses types, sizes and places that do not exist", arguments),
    basic("REL4_UNTYPED0003", "memory is free again when its last object is gone", reuse),
    basic("REL4_UNTYPED0004", "memory that is copied is given out by the copy only", copied),
    basic("REL4_UNTYPED0005", "device memory becomes frames and untypeds only", device),
];

const PAGES: u64 = 2;
const UNTYPED_BITS: u32 = PAGE_BITS + PAGES.ilog2();

const fn not_enough(bytes_free: u64) -> Answer {
    refused(InvocationError::NotEnoughMemory { bytes_free })
}

fn short_messages(env: &mut Env) -> Outcome {
    let (untyped, target) = (env.untyped(UNTYPED_BITS)?, env.empty_slot()?);
    let words = [ObjectType::Endpoint.word(), 0, 0, 0, target.word(), 1];
    check_wants_all(untyped.0, Invocation::UntypedRetype, &[cspace::CNODE.0], &words);
    check_unknown(untyped.0, &[Invocation::CNodeDelete, Invocation::TcbResume, Invocation::RiscvPageMap]);
    check_eq!(is_empty(slot(target)), Ok(true));
    Ok(())
}

fn arguments(env: &mut Env) -> Outcome {
    const SLOTS: u64 = 1 << PROCESS_RADIX_BITS;
    // Enough for more pages than the memory has.
    let targets = env.resources.take_slots(PAGES + 1)?;
    let (untyped, target, empty) = (env.untyped(UNTYPED_BITS)?, CPtr(targets.start), env.empty_slot()?);
    let thread = env.tcb()?.0;
    let (root, depth) = (cspace::CNODE.0, u64::from(WORD_BITS));
    let good = [ObjectType::Endpoint.word(), 0, 0, 0, target.word(), 1];
    let retype = |root: CPtr, changes: &[(usize, u64)]| {
        let mut words = good;
        changes.iter().for_each(|&(index, word)| words[index] = word);
        attempt(untyped.0, Invocation::UntypedRetype, &[root], &words)
    };
    let (kind, size, index, node_depth, offset, count) = (0, 1, 2, 3, 4, 5);

    // A type that does not exist comes before everything else that is wrong.
    check_eq!(retype(thread, &[(kind, OBJECT_TYPE_COUNT), (size, u64::MAX)]), invalid_argument(0));
    check_eq!(retype(root, &[(kind, u64::MAX)]), invalid_argument(0));
    for bits in [u64::from(MAX_UNTYPED_BITS) + 1, 64, u64::MAX] {
        let changes = [(kind, ObjectType::Untyped.word()), (size, bits)];
        check_eq!(retype(root, &changes), out_of_range(0, u64::from(MAX_UNTYPED_BITS)));
    }
    let too_small = u64::from(MIN_UNTYPED_BITS) - 1;
    check_eq!(retype(root, &[(kind, ObjectType::Untyped.word()), (size, too_small)]), invalid_argument(1));
    check_eq!(retype(root, &[(kind, ObjectType::CNode.word()), (size, 0)]), invalid_argument(1));

    let missing =
        |bits_left| lookup_failed(LookupSide::Target, LookupFailure::MissingCapability { bits_left });
    check_eq!(retype(thread, &[]), missing(0));
    check_eq!(retype(empty, &[]), missing(0));
    check_eq!(retype(root, &[(index, thread.word()), (node_depth, depth)]), missing(depth));
    check_eq!(retype(root, &[(node_depth, depth + 1)]), out_of_range(1, depth));
    let no_root = lookup_failed(LookupSide::Target, LookupFailure::InvalidRoot);
    check_eq!(retype(thread, &[(node_depth, depth)]), no_root);

    for beyond in [SLOTS, u64::MAX] {
        check_eq!(retype(root, &[(offset, beyond)]), out_of_range(0, SLOTS - 1));
    }
    for bad in [0, RETYPE_FAN_OUT_LIMIT + 1, u64::MAX] {
        check_eq!(retype(root, &[(count, bad)]), out_of_range(1, RETYPE_FAN_OUT_LIMIT));
    }
    check_eq!(retype(root, &[(offset, SLOTS - 1), (count, 2)]), out_of_range(1, 1));
    let page = [(kind, ObjectType::Page.word()), (count, PAGES + 1)];
    check_eq!(retype(root, &page), not_enough(1 << UNTYPED_BITS));
    check_eq!(retype(root, &[]), Ok(()));
    Ok(())
}

fn reuse(env: &mut Env) -> Outcome {
    let untyped = env.untyped(UNTYPED_BITS)?;
    let slots = env.resources.take_slots(2)?;
    let (first, second) = (CPtr(slots.start), CPtr(slots.start + 1));
    let page = |target: CPtr| untyped.retype(ObjectType::Page, 0, cspace::CNODE, target.word(), 1);
    check_eq!([page(first), page(second)], [Ok(()); 2]);
    slot(first).delete()?;
    // The other one is still there, wherever that is.
    check_eq!(page(first), not_enough(0));
    let copy = env.copy(second)?;
    slot(second).delete()?;
    check_eq!(page(first), not_enough(0));
    slot(copy).delete()?;
    check_eq!([page(first), page(second)], [Ok(()); 2]);
    slot(untyped.0).revoke()?;
    check_eq!([is_empty(slot(first)), is_empty(slot(second))], [Ok(true); 2]);
    check_eq!(page(first), Ok(()));
    Ok(())
}

fn copied(env: &mut Env) -> Outcome {
    let (untyped, target) = (env.untyped(UNTYPED_BITS)?, env.empty_slot()?);
    let copy = env.copy_with(untyped.0, CapRights::NONE)?;
    let page = |from: CPtr| {
        let words = [ObjectType::Page.word(), 0, 0, 0, target.word(), 1];
        attempt(from, Invocation::UntypedRetype, &[cspace::CNODE.0], &words)
    };
    check_eq!(page(untyped.0), not_enough(0));
    check_eq!(page(copy), Ok(()));
    slot(untyped.0).revoke()?;
    check_eq!([is_empty(slot(copy)), is_empty(slot(target))], [Ok(true); 2]);
    check_eq!(page(untyped.0), Ok(()));
    Ok(())
}

fn device(env: &mut Env) -> Outcome {
    const PIECE_BITS: u32 = PAGE_BITS;
    let (piece, target) = (env.empty_slot()?, env.empty_slot()?);
    let retype = |from: CPtr, object: ObjectType, size_bits: u32, target: CPtr, count: u64| {
        let words = [object.word(), u64::from(size_bits), 0, 0, target.word(), count];
        attempt(from, Invocation::UntypedRetype, &[cspace::CNODE.0], &words)
    };
    let whole = cspace::DEVICE_UNTYPED.0;
    check_eq!(retype(whole, ObjectType::Untyped, PIECE_BITS, piece, 1), Ok(()));
    // A part of device memory is device memory.
    for from in [whole, piece] {
        for (object, size_bits) in [
            (ObjectType::Tcb, 0),
            (ObjectType::Endpoint, 0),
            (ObjectType::Notification, 0),
            (ObjectType::CNode, 1),
            (ObjectType::PageTable, 0),
        ] {
            check_eq!((object, retype(from, object, size_bits, target, 1)), (object, invalid_argument(1)));
        }
        check_eq!(is_empty(slot(target)), Ok(true));
    }
    // That there is not enough of it comes first.
    let too_many = retype(piece, ObjectType::PageTable, 0, target, 2);
    check_eq!(too_many, not_enough(1 << PIECE_BITS));
    // Nor does it become a pool, which is no matter of Retype.
    let (pool, root) = (env.empty_slot()?, cspace::CNODE.0);
    let [index, depth] = slot(pool).address();
    let make_pool = Invocation::RiscvAsidControlMakePool;
    check_eq!(
        attempt(cspace::ASID_CONTROL.0, make_pool, &[piece, root], &[index, depth]),
        invalid_capability(1)
    );
    check_eq!(retype(piece, ObjectType::Page, 0, target, 1), Ok(()));
    check_eq!(env.tcb()?.set_ipc_buffer(0x1000, Frame(target)), ILLEGAL_OPERATION);
    Ok(())
}
