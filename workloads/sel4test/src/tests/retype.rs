//! Making objects out of untyped memory.

use rel4_abi::object::{MAX_UNTYPED_BITS, PAGE_BITS, RETYPE_FAN_OUT_LIMIT, SLOT_BITS, TCB_BITS};
use rel4_abi::{InvocationError, ObjectType};
use rel4_runtime::cap::CNode;
use rel4_runtime::error::Error;

use crate::cspace;
use crate::env::Env;
use crate::expect::refused;
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(super) const TESTS: &[Test] = &[
    basic("RETYPE0000", "objects go into the slots that are named, and only there", slots),
    basic("RETYPE0001", "what is larger than the memory is refused, by however much", sizes),
    basic("RETYPE0002", "memory is given out exactly once", memory),
];

const DELETE_FIRST: Result<(), Error> = refused(InvocationError::DeleteFirst);

const fn out_of_range(min: u64, max: u64) -> Result<(), Error> {
    refused(InvocationError::RangeError { min, max })
}

fn slots(env: &mut Env) -> Outcome {
    const RADIX_BITS: u32 = 2;
    const SLOTS: u64 = 1 << RADIX_BITS;
    let node: CNode = env.cnode(RADIX_BITS)?;
    let untyped = env.untyped(TCB_BITS + 3)?;
    let retype = |first_slot: u64, count: u64| untyped.retype(ObjectType::Tcb, 0, node, first_slot, count);

    check_eq!(retype(0, 0), out_of_range(1, RETYPE_FAN_OUT_LIMIT));
    check_eq!(retype(SLOTS - 1, 2), out_of_range(1, 1));
    for slot in 0..SLOTS {
        check_eq!(retype(slot, 1), Ok(()));
    }
    check_eq!(retype(SLOTS, 1), out_of_range(0, SLOTS - 1));
    for slot in 0..SLOTS {
        check_eq!(retype(slot, 1), DELETE_FIRST);
    }
    for slot in 0..SLOTS {
        node.slot(slot, RADIX_BITS).delete()?;
    }

    check_eq!(retype(0, 1 << 31), out_of_range(1, RETYPE_FAN_OUT_LIMIT));
    check_eq!(retype(0, SLOTS + 1), out_of_range(1, SLOTS));
    check_eq!(retype(0, SLOTS - 1), Ok(()));
    for slot in 0..SLOTS - 1 {
        check_eq!(retype(slot, 1), DELETE_FIRST);
    }
    check_eq!(retype(SLOTS - 1, 1), Ok(()));
    Ok(())
}

fn sizes(env: &mut Env) -> Outcome {
    const UNTYPED_BITS: u32 = 13;
    const EXACT_RADIX_BITS: u32 = UNTYPED_BITS - SLOT_BITS;
    const EXCESS_BITS: u32 = 40;
    let untyped = env.untyped(UNTYPED_BITS)?;
    let slot = env.empty_slot()?;
    let make_cnode = |radix_bits: u32| {
        // The root of the own CSpace, looked up by its full address.
        let node = cspace::slot(cspace::CNODE.0);
        untyped.retype_into(ObjectType::CNode, radix_bits, node, slot.word(), 1)
    };
    let too_little = refused(InvocationError::NotEnoughMemory { bytes_free: 1 << UNTYPED_BITS });
    for excess in 1..=EXCESS_BITS {
        let absurd = UNTYPED_BITS + excess > MAX_UNTYPED_BITS;
        let expected = if absurd { out_of_range(0, u64::from(MAX_UNTYPED_BITS)) } else { too_little };
        check_eq!((excess, make_cnode(EXACT_RADIX_BITS + excess)), (excess, expected));
    }
    check_eq!(make_cnode(EXACT_RADIX_BITS), Ok(()));
    Ok(())
}

fn memory(env: &mut Env) -> Outcome {
    const FRAMES: u64 = 16;
    let untyped = env.untyped(PAGE_BITS + FRAMES.ilog2())?;
    let slots = env.resources.take_slots(FRAMES + 1)?;
    let retype =
        |first_slot: u64, count: u64| untyped.retype(ObjectType::Page, 0, cspace::CNODE, first_slot, count);
    for slot in slots.start..slots.start + FRAMES {
        check_eq!(retype(slot, 1), Ok(()));
    }
    let last = slots.start + FRAMES;
    check_eq!(retype(last, 1 << 20), out_of_range(1, RETYPE_FAN_OUT_LIMIT));
    check_eq!(retype(last - 1, 8), DELETE_FIRST);
    check_eq!(retype(last, 1), refused(InvocationError::NotEnoughMemory { bytes_free: 0 }));
    Ok(())
}
