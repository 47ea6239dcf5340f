//! ASID control and ASID pools.

use rel4_abi::object::ASID_POOL_BITS;
use rel4_abi::{CPtr, Invocation, LookupFailure, LookupSide, ObjectType};
use rel4_runtime::cap::{AsidPool, Endpoint, Untyped};

use super::{
    DELETE_FIRST, ILLEGAL_OPERATION, REVOKE_FIRST, attempt, check_unknown, check_wants_all,
    invalid_capability, lookup_failed, new_vspace, out_of_range,
};
use crate::cspace;
use crate::env::Env;
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(in super::super) const TESTS: &[Test] = &[
    basic("REL4_ASID0001", "what an ASID pool cannot be made of or put into", make_pool),
    basic("REL4_ASID0002", "what cannot get an ASID", assign),
    basic("REL4_ASID0003", "ASID control and pools have no other operations", labels),
];

const CONTROL: CPtr = cspace::ASID_CONTROL.0;

fn make_pool(env: &mut Env) -> Outcome {
    const DEPTH_BITS: u64 = 64;
    let (untyped, slot) = (env.untyped(ASID_POOL_BITS)?, env.empty_slot()?);
    let words = [slot.word(), DEPTH_BITS];
    let make = |untyped: Untyped, root: CPtr, words: [u64; 2]| {
        attempt(CONTROL, Invocation::RiscvAsidControlMakePool, &[untyped.0, root], &words)
    };
    let root = cspace::CNODE.0;
    check_wants_all(CONTROL, Invocation::RiscvAsidControlMakePool, &[untyped.0, root], &words);
    let Endpoint(endpoint) = env.endpoint()?;
    check_eq!(make(Untyped(endpoint), root, words), invalid_capability(1));
    check_eq!(make(env.untyped(ASID_POOL_BITS - 1)?, root, words), invalid_capability(1));
    check_eq!(make(env.untyped(ASID_POOL_BITS + 1)?, root, words), invalid_capability(1));
    check_eq!(make(untyped, endpoint, words), lookup_failed(LookupSide::Target, LookupFailure::InvalidRoot));
    let range = out_of_range(1, DEPTH_BITS);
    check_eq!(make(untyped, root, [slot.word(), 0]), range);
    check_eq!(make(untyped, root, [slot.word(), DEPTH_BITS + 1]), range);
    check_eq!(make(untyped, root, [endpoint.word(), DEPTH_BITS]), DELETE_FIRST);

    let used = env.untyped(ASID_POOL_BITS)?;
    let child = env.empty_slot()?;
    used.retype(ObjectType::Endpoint, 0, cspace::CNODE, child.word(), 1)?;
    check_eq!(make(used, root, words), REVOKE_FIRST);

    check_eq!(make(untyped, root, words), Ok(()));
    check_eq!(make(untyped, root, words), REVOKE_FIRST);
    Ok(())
}

fn assign(env: &mut Env) -> Outcome {
    let pool = cspace::ASID_POOL.0;
    let table = env.page_table()?;
    let assign = |root| attempt(pool, Invocation::RiscvAsidPoolAssign, &[root], &[]);
    check_wants_all(pool, Invocation::RiscvAsidPoolAssign, &[table.0], &[]);
    check_eq!(assign(env.frame()?.0), invalid_capability(1));
    check_eq!(assign(env.empty_slot()?), invalid_capability(1));
    let vspace = new_vspace(env)?;
    check_eq!(assign(vspace.0), invalid_capability(1));
    const VADDR: u64 = 0;
    table.map(vspace, VADDR)?;
    check_eq!(assign(table.0), invalid_capability(1));
    table.unmap()?;
    check_eq!(assign(table.0), Ok(()));
    Ok(())
}

fn labels(env: &mut Env) -> Outcome {
    let AsidPool(pool) = cspace::ASID_POOL;
    let others = [Invocation::UntypedRetype, Invocation::TcbSuspend, Invocation::RiscvPageMap];
    check_unknown(CONTROL, &others);
    check_unknown(pool, &others);
    let table = env.page_table()?;
    check_eq!(attempt(CONTROL, Invocation::RiscvAsidPoolAssign, &[table.0], &[]), ILLEGAL_OPERATION);
    check_eq!(attempt(pool, Invocation::RiscvAsidControlMakePool, &[table.0], &[]), ILLEGAL_OPERATION);
    Ok(())
}
