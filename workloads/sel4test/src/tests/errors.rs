//! What the kernel answers to invocations that it cannot carry out. seL4's suite checks few of these; the names are ours.

mod asid;
mod frame;
mod page_table;
mod tcb;

use rel4_abi::{CPtr, Invocation, InvocationError, LookupFailure, LookupSide};
use rel4_runtime::cap::{AsidPool, PageTable, VSpace, invoke};
use rel4_runtime::error::Error;

use crate::cspace;
use crate::env::Env;
use crate::expect::refused;
use crate::report::Outcome;

pub(super) use asid::TESTS as ASID;
pub(super) use frame::TESTS as FRAME;
pub(super) use page_table::TESTS as PAGE_TABLE;
pub(super) use tcb::TESTS as TCB;

const TRUNCATED: Result<(), Error> = refused(InvocationError::TruncatedMessage);
const ILLEGAL: Result<(), Error> = refused(InvocationError::IllegalOperation);
const DELETE_FIRST: Result<(), Error> = refused(InvocationError::DeleteFirst);
const REVOKE_FIRST: Result<(), Error> = refused(InvocationError::RevokeFirst);

/// A capability is not what the operation needs: 0 is the invoked one, the others follow.
const fn invalid_capability(index: u64) -> Result<(), Error> {
    refused(InvocationError::InvalidCapability { index })
}

/// An argument is not what the operation needs.
const fn invalid_argument(index: u64) -> Result<(), Error> {
    refused(InvocationError::InvalidArgument { index })
}

const fn target_lookup(failure: LookupFailure) -> Result<(), Error> {
    refused(InvocationError::FailedLookup { side: LookupSide::Target, failure })
}

/// Invokes `target` without the arguments and capabilities that a typed capability would see to.
fn send(target: CPtr, invocation: Invocation, caps: &[CPtr], words: &[u64]) -> Result<(), Error> {
    invoke(target, invocation, caps, words).map(drop)
}

/// Checks that `target` refuses `invocation` as long as arguments or capabilities are missing from the end.
#[track_caller]
fn check_truncated(target: CPtr, invocation: Invocation, caps: &[CPtr], words: &[u64]) {
    for length in 0..words.len() {
        check_eq!((length, send(target, invocation, caps, &words[..length])), (length, TRUNCATED));
    }
    for count in 0..caps.len() {
        check_eq!((count, send(target, invocation, &caps[..count], words)), (count, TRUNCATED));
    }
}

/// A new address space.
fn vspace(env: &mut Env) -> Outcome<VSpace> {
    Ok(cspace::ASID_POOL.assign(env.page_table()?)?)
}

/// The root of an address space that lost its ASID, since the pool of that is gone.
fn vspace_without_asid(env: &mut Env) -> Outcome<VSpace> {
    let (untyped, slot) = (env.untyped(rel4_abi::object::ASID_POOL_BITS)?, env.empty_slot()?);
    cspace::ASID_CONTROL.make_pool(untyped, cspace::slot(slot))?;
    let root: PageTable = env.page_table()?;
    let vspace = AsidPool(slot).assign(root)?;
    cspace::slot(slot).delete()?;
    Ok(vspace)
}
