//! ASID control and ASID pools.

use rel4_abi::object::ASID_POOL_BITS;
use rel4_abi::{CPtr, Invocation, InvocationError, LookupFailure, ObjectType};
use rel4_runtime::cap::{AsidPool, Endpoint, Untyped};

use super::{
    DELETE_FIRST, ILLEGAL, REVOKE_FIRST, check_truncated, invalid_capability, send, target_lookup, vspace,
};
use crate::cspace;
use crate::env::Env;
use crate::expect::refused;
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(in crate::tests) const TESTS: &[Test] = &[
    basic("REL4_ASID_MAKE_POOL", "what an ASID pool cannot be made of or put into", make_pool),
    basic("REL4_ASID_ASSIGN", "what cannot get an ASID", assign),
    basic("REL4_ASID_LABELS", "ASID control and pools have no other operations", labels),
];

const CONTROL: CPtr = cspace::ASID_CONTROL.0;

fn make_pool(env: &mut Env) -> Outcome {
    const DEPTH_BITS: u64 = 64;
    let (untyped, slot) = (env.untyped(ASID_POOL_BITS)?, env.empty_slot()?);
    let words = [slot.word(), DEPTH_BITS];
    let make = |untyped: Untyped, root: CPtr, words: [u64; 2]| {
        send(CONTROL, Invocation::RiscvAsidControlMakePool, &[untyped.0, root], &words)
    };
    let root = cspace::CNODE.0;
    check_truncated(CONTROL, Invocation::RiscvAsidControlMakePool, &[untyped.0, root], &words);
    let Endpoint(endpoint) = env.endpoint()?;
    check_eq!(make(Untyped(endpoint), root, words), invalid_capability(1));
    check_eq!(make(env.untyped(ASID_POOL_BITS - 1)?, root, words), invalid_capability(1));
    check_eq!(make(env.untyped(ASID_POOL_BITS + 1)?, root, words), invalid_capability(1));
    check_eq!(make(untyped, endpoint, words), target_lookup(LookupFailure::InvalidRoot));
    let range = refused(InvocationError::RangeError { min: 1, max: DEPTH_BITS });
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
    let assign = |root| send(pool, Invocation::RiscvAsidPoolAssign, &[root], &[]);
    check_truncated(pool, Invocation::RiscvAsidPoolAssign, &[table.0], &[]);
    check_eq!(assign(env.frame()?.0), invalid_capability(1));
    check_eq!(assign(env.empty_slot()?), invalid_capability(1));
    let vspace = vspace(env)?;
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
    for other in others {
        check_eq!(send(CONTROL, other, &[], &[]), ILLEGAL);
        check_eq!(send(pool, other, &[], &[]), ILLEGAL);
    }
    let table = env.page_table()?;
    check_eq!(send(CONTROL, Invocation::RiscvAsidPoolAssign, &[table.0], &[]), ILLEGAL);
    check_eq!(send(pool, Invocation::RiscvAsidControlMakePool, &[table.0], &[]), ILLEGAL);
    Ok(())
}
