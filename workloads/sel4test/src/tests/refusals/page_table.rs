//! Page tables.

use rel4_abi::vm::{ROOT_LEVEL_BITS, USER_TOP, VmAttributes};
use rel4_abi::{Invocation, LookupFailure, LookupSide};
use rel4_runtime::cap::{PageTable, VSpace};

use super::{
    DELETE_FIRST, ILLEGAL_OPERATION, REVOKE_FIRST, check_unknown, check_wants_all, invalid_argument,
    invalid_capability, lookup_failed, new_vspace, vspace_without_asid,
};
use crate::cspace;
use crate::env::Env;
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(in super::super) const TESTS: &[Test] = &[
    basic("REL4_PAGETABLE0001", "where a page table cannot be mapped", map),
    basic("REL4_PAGETABLE0002", "which page tables cannot be unmapped", unmap),
    basic("REL4_PAGETABLE0003", "only a mapped page table has copies", copy),
    basic("REL4_PAGETABLE0004", "page tables have no other operations", labels),
];

const VADDR: u64 = 0x1000_0000;

fn map(env: &mut Env) -> Outcome {
    let (table, vspace) = (env.page_table()?, new_vspace(env)?);
    let words = [VADDR, VmAttributes::default().word()];
    check_wants_all(table.0, Invocation::RiscvPageTableMap, &[vspace.0], &words);
    check_eq!(table.map(VSpace(env.endpoint()?.0), VADDR), invalid_capability(1));
    check_eq!(table.map(VSpace(env.empty_slot()?), VADDR), invalid_capability(1));
    check_eq!(table.map(VSpace(env.page_table()?.0), VADDR), invalid_capability(1));
    let without_asid = vspace_without_asid(env)?;
    check_eq!(table.map(without_asid, VADDR), lookup_failed(LookupSide::Target, LookupFailure::InvalidRoot));
    check_eq!(table.map(vspace, USER_TOP), invalid_argument(0));
    check_eq!(table.map(vspace, u64::MAX), invalid_argument(0));

    check_eq!(table.map(vspace, VADDR), Ok(()));
    check_eq!(table.map(vspace, VADDR + (1 << ROOT_LEVEL_BITS)), invalid_capability(0));
    let last_level = env.page_table()?;
    check_eq!(last_level.map(VSpace(table.0), VADDR), invalid_capability(1));
    check_eq!(last_level.map(vspace, VADDR), Ok(()));
    check_eq!(env.page_table()?.map(vspace, VADDR), DELETE_FIRST);
    Ok(())
}

fn unmap(env: &mut Env) -> Outcome {
    let (table, vspace) = (env.page_table()?, new_vspace(env)?);
    check_eq!(table.unmap(), Ok(()));
    check_eq!(PageTable(vspace.0).unmap(), REVOKE_FIRST);
    table.map(vspace, VADDR)?;
    let copy = PageTable(env.copy(table.0)?);
    check_eq!(table.unmap(), REVOKE_FIRST);
    check_eq!(copy.unmap(), REVOKE_FIRST);
    cspace::slot(copy.0).delete()?;
    check_eq!(table.unmap(), Ok(()));
    check_eq!(env.page_table()?.map(vspace, VADDR), Ok(()));
    Ok(())
}

fn copy(env: &mut Env) -> Outcome {
    let (table, vspace) = (env.page_table()?, new_vspace(env)?);
    let copy = |env: &mut Env| {
        let slot = cspace::slot(env.empty_slot()?);
        Ok::<_, crate::report::GivenUp>(slot.copy_from(cspace::slot(table.0), rel4_abi::CapRights::ALL))
    };
    check_eq!(copy(env)?, ILLEGAL_OPERATION);
    table.map(vspace, VADDR)?;
    check_eq!(copy(env)?, Ok(()));
    Ok(())
}

fn labels(env: &mut Env) -> Outcome {
    let PageTable(table) = env.page_table()?;
    let others = [
        Invocation::UntypedRetype,
        Invocation::TcbResume,
        Invocation::RiscvPageMap,
        Invocation::RiscvPageUnmap,
        Invocation::RiscvPageGetAddress,
    ];
    check_unknown(table, &others);
    Ok(())
}
