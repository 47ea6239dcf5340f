//! Address spaces and the pools that their identifiers are from.

use core::sync::atomic::{AtomicU64, Ordering};

use rel4_abi::InvocationError;
use rel4_abi::object::ASID_POOL_BITS;
use rel4_abi::vm::{ASID_POOL_INDEX_BITS, NUM_ASID_POOLS_BITS};
use rel4_runtime::cap::{AsidPool, PageTable};

use crate::cspace;
use crate::env::Env;
use crate::expect::refused;
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(super) const TESTS: &[Test] = &[
    basic("VSPACE0000", "a process runs and gives a value", process),
    basic("VSPACE0002", "a new ASID pool gives out an ASID", new_pool),
    basic("VSPACE0003", "as many ASID pools as there can be", all_pools),
    basic("VSPACE0004", "one ASID pool too many", one_pool_too_many),
    basic("VSPACE0005", "one address space too many for a pool", one_address_space_too_many),
    basic("VSPACE0006", "processes with ASIDs of every pool", process_of_every_pool),
];

/// The root task's pool is there already.
const MORE_POOLS: u64 = (1 << NUM_ASID_POOLS_BITS) - 1;

fn process(env: &mut Env) -> Outcome {
    fn answer(_: [u64; 4]) -> Outcome<u64> {
        Ok(42)
    }
    let process = env.process()?;
    process.start(answer, [0; 4])?;
    require!(process.join()? == 42);
    env.destroy(process)?;
    Ok(())
}

fn make_pool(env: &mut Env) -> Outcome<AsidPool> {
    let (untyped, slot) = (env.untyped(ASID_POOL_BITS)?, env.empty_slot()?);
    cspace::ASID_CONTROL.make_pool(untyped, cspace::slot(slot))?;
    Ok(AsidPool(slot))
}

fn make_all_pools(env: &mut Env) -> Outcome {
    for _ in 0..MORE_POOLS {
        make_pool(env)?;
    }
    Ok(())
}

fn new_pool(env: &mut Env) -> Outcome {
    let pool = make_pool(env)?;
    let own_root = PageTable(cspace::VSPACE.0);
    check_eq!(pool.assign(own_root), refused(InvocationError::InvalidCapability { index: 1 }));
    check!(pool.assign(env.page_table()?).is_ok());
    Ok(())
}

fn all_pools(env: &mut Env) -> Outcome {
    make_all_pools(env)
}

fn one_pool_too_many(env: &mut Env) -> Outcome {
    make_all_pools(env)?;
    let (untyped, slot) = (env.untyped(ASID_POOL_BITS)?, env.empty_slot()?);
    let result = cspace::ASID_CONTROL.make_pool(untyped, cspace::slot(slot));
    check_eq!(result, refused(InvocationError::DeleteFirst));
    Ok(())
}

fn one_address_space_too_many(env: &mut Env) -> Outcome {
    let pool = make_pool(env)?;
    for _ in 0..1 << ASID_POOL_INDEX_BITS {
        pool.assign(env.page_table()?)?;
    }
    check_eq!(pool.assign(env.page_table()?), refused(InvocationError::DeleteFirst));
    Ok(())
}

fn process_of_every_pool(env: &mut Env) -> Outcome {
    const MINE: u64 = u64::MAX;
    static VARIABLE: AtomicU64 = AtomicU64::new(MINE);
    fn store_and_load([value, ..]: [u64; 4]) -> Outcome<u64> {
        require_eq!(VARIABLE.load(Ordering::Relaxed), MINE);
        VARIABLE.store(value, Ordering::Relaxed);
        Ok(VARIABLE.load(Ordering::Relaxed))
    }
    for number in 0..MORE_POOLS {
        let pool = make_pool(env)?;
        let process = env.process_with_asid_from(pool)?;
        process.start(store_and_load, [number, 0, 0, 0])?;
        require_eq!(process.join()?, number);
        require_eq!(VARIABLE.load(Ordering::Relaxed), MINE);
        env.destroy(process)?;
    }
    Ok(())
}
