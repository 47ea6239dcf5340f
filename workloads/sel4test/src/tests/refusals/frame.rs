//! Frames.

use rel4_abi::object::{MEGA_PAGE_BITS, PAGE_BITS};
use rel4_abi::vm::{LEAF_LEVEL_BITS, MIDDLE_LEVEL_BITS, ROOT_LEVEL_BITS, USER_TOP};
use rel4_abi::{
    CPtr, CapRights, Invocation, InvocationError, LookupFailure, LookupSide, ObjectType, VmAttributes,
};
use rel4_runtime::cap::{Frame, VSpace};
use rel4_runtime::error::Error;

use super::{
    DELETE_FIRST, attempt, check_unknown, check_wants_all, invalid_argument, invalid_capability,
    lookup_failed, new_vspace, vspace_without_asid,
};
use crate::env::Env;
use crate::expect::refused;
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(in super::super) const TESTS: &[Test] = &[
    basic("REL4_FRAME0001", "where a frame cannot be mapped", map),
    basic("REL4_FRAME0002", "which page table a frame lacks", levels),
    basic("REL4_FRAME0003", "where a mapped frame cannot be mapped", map_again),
    basic("REL4_FRAME0004", "copies of a frame have mappings of their own", copies),
    basic("REL4_FRAME0005", "frames have no other operations", labels),
];

const VADDR: u64 = 0x1000_0000;
const PAGE: u64 = 1 << PAGE_BITS;

fn map_at(frame: Frame, vspace: VSpace, vaddr: u64) -> Result<(), Error> {
    frame.map(vspace, vaddr, CapRights::READ_WRITE, VmAttributes::EXECUTE_NEVER)
}

const fn missing(bits_left: u32) -> Result<(), Error> {
    lookup_failed(LookupSide::Target, LookupFailure::MissingCapability { bits_left: bits_left as u64 })
}

/// An address space with all page tables for 4 KiB frames around [`VADDR`].
fn vspace_with_tables(env: &mut Env) -> Outcome<VSpace> {
    let vspace = new_vspace(env)?;
    for _ in [ROOT_LEVEL_BITS, MIDDLE_LEVEL_BITS] {
        env.page_table()?.map(vspace, VADDR)?;
    }
    Ok(vspace)
}

fn map(env: &mut Env) -> Outcome {
    let (frame, vspace) = (env.frame()?, vspace_with_tables(env)?);
    let words = [VADDR, CapRights::READ_WRITE.word(), VmAttributes::EXECUTE_NEVER.word()];
    check_wants_all(frame.0, Invocation::RiscvPageMap, &[vspace.0], &words);
    check_eq!(map_at(frame, VSpace(env.endpoint()?.0), VADDR), invalid_capability(1));
    check_eq!(map_at(frame, VSpace(env.empty_slot()?), VADDR), invalid_capability(1));
    check_eq!(map_at(frame, VSpace(env.page_table()?.0), VADDR), invalid_capability(1));
    let inner = env.page_table()?;
    inner.map(vspace, VADDR + (1 << ROOT_LEVEL_BITS))?;
    check_eq!(map_at(frame, VSpace(inner.0), VADDR), invalid_capability(1));
    let without_asid = vspace_without_asid(env)?;
    check_eq!(
        map_at(frame, without_asid, VADDR),
        lookup_failed(LookupSide::Target, LookupFailure::InvalidRoot)
    );

    check_eq!(map_at(frame, vspace, USER_TOP), invalid_argument(0));
    check_eq!(map_at(frame, vspace, USER_TOP - PAGE + 1), invalid_argument(0));
    check_eq!(map_at(frame, vspace, u64::MAX - PAGE + 1), invalid_argument(0));
    check_eq!(map_at(frame, vspace, VADDR + 1), refused(InvocationError::AlignmentError));
    check_eq!(map_at(frame, vspace, VADDR), Ok(()));
    check_eq!(map_at(env.frame()?, vspace, VADDR), DELETE_FIRST);
    Ok(())
}

fn levels(env: &mut Env) -> Outcome {
    let vspace = new_vspace(env)?;
    let (small, other) = (env.frame()?, env.frame()?);
    let large = Frame(env.resources.make(ObjectType::MegaPage, 0)?);
    check_eq!(map_at(small, vspace, VADDR), missing(ROOT_LEVEL_BITS));
    check_eq!(map_at(large, vspace, VADDR), missing(ROOT_LEVEL_BITS));
    env.page_table()?.map(vspace, VADDR)?;
    check_eq!(map_at(small, vspace, VADDR), missing(MIDDLE_LEVEL_BITS));
    check_eq!(map_at(large, vspace, VADDR + PAGE), refused(InvocationError::AlignmentError));
    check_eq!(map_at(large, vspace, VADDR), Ok(()));
    // What is there is no page table, and none would help.
    check_eq!(map_at(small, vspace, VADDR), missing(MIDDLE_LEVEL_BITS));
    check_eq!(env.page_table()?.map(vspace, VADDR), DELETE_FIRST);
    large.unmap()?;
    env.page_table()?.map(vspace, VADDR)?;
    check_eq!(map_at(small, vspace, VADDR), Ok(()));
    check_eq!(map_at(large, vspace, VADDR), missing(LEAF_LEVEL_BITS));
    check_eq!(map_at(other, vspace, VADDR + (1 << MEGA_PAGE_BITS)), missing(MIDDLE_LEVEL_BITS));
    Ok(())
}

fn map_again(env: &mut Env) -> Outcome {
    let frame = env.frame()?;
    let (here, elsewhere) = (vspace_with_tables(env)?, vspace_with_tables(env)?);
    map_at(frame, here, VADDR)?;
    check_eq!(map_at(frame, here, VADDR), Ok(()));
    check_eq!(map_at(frame, here, VADDR + PAGE), invalid_argument(0));
    check_eq!(map_at(frame, elsewhere, VADDR), invalid_capability(1));
    frame.unmap()?;
    check_eq!(frame.unmap(), Ok(()));
    check_eq!(map_at(frame, elsewhere, VADDR + PAGE), Ok(()));
    Ok(())
}

fn copies(env: &mut Env) -> Outcome {
    let frame = env.frame()?;
    let vspace = vspace_with_tables(env)?;
    map_at(frame, vspace, VADDR)?;
    let copy = Frame(env.copy(frame.0)?);
    check_eq!(copy.physical_address(), frame.physical_address());
    check!(frame.physical_address() != env.frame()?.physical_address());
    check_eq!(map_at(copy, vspace, VADDR + PAGE), Ok(()));
    check_eq!(copy.unmap(), Ok(()));
    check_eq!(map_at(env.frame()?, vspace, VADDR), DELETE_FIRST);
    Ok(())
}

fn labels(env: &mut Env) -> Outcome {
    let Frame(frame) = env.frame()?;
    let others = [
        Invocation::UntypedRetype,
        Invocation::CNodeCopy,
        Invocation::RiscvPageTableMap,
        Invocation::RiscvPageTableUnmap,
        Invocation::RiscvAsidPoolAssign,
    ];
    check_unknown(frame, &others);
    check_eq!(attempt(CPtr::NULL, Invocation::RiscvPageMap, &[], &[]), invalid_capability(0));
    Ok(())
}
