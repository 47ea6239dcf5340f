//! What each invocation refuses, and with which answer. These tests are this suite's own.

pub(super) mod asid;
pub(super) mod cnode;
pub(super) mod domain;
pub(super) mod frame;
pub(super) mod interrupt;
pub(super) mod notification;
pub(super) mod page_table;
pub(super) mod tcb;
pub(super) mod untyped;

use rel4_abi::object::ASID_POOL_BITS;
use rel4_abi::{CPtr, Invocation, InvocationError, LookupFailure, LookupSide};
use rel4_runtime::cap::{AsidPool, VSpace, invoke};
use rel4_runtime::error::Error;

use crate::cspace;
use crate::env::Env;
use crate::expect::refused;
use crate::report::Outcome;

/// What operations answer that have nothing to tell when they succeed.
type Answer = Result<(), Error>;

const ILLEGAL_OPERATION: Answer = refused(InvocationError::IllegalOperation);
const TRUNCATED: Answer = refused(InvocationError::TruncatedMessage);
const DELETE_FIRST: Answer = refused(InvocationError::DeleteFirst);
const REVOKE_FIRST: Answer = refused(InvocationError::RevokeFirst);

const fn invalid_argument(index: u64) -> Answer {
    refused(InvocationError::InvalidArgument { index })
}

const fn invalid_capability(index: u64) -> Answer {
    refused(InvocationError::InvalidCapability { index })
}

const fn out_of_range(min: u64, max: u64) -> Answer {
    refused(InvocationError::RangeError { min, max })
}

const fn lookup_failed(side: LookupSide, failure: LookupFailure) -> Answer {
    refused(InvocationError::FailedLookup { side, failure })
}

/// Sends what no typed capability would.
fn attempt(target: CPtr, invocation: Invocation, caps: &[CPtr], words: &[u64]) -> Answer {
    invoke(target, invocation, caps, words).map(drop)
}

/// Checks that the operation, whose words and capabilities are all right, wants every one of them.
#[track_caller]
fn check_wants_all(target: CPtr, invocation: Invocation, caps: &[CPtr], words: &[u64]) {
    for length in 0..words.len() {
        let answer = attempt(target, invocation, caps, &words[..length]);
        check_eq!((invocation, length, answer), (invocation, length, TRUNCATED));
    }
    for count in 0..caps.len() {
        let answer = attempt(target, invocation, &caps[..count], words);
        check_eq!((invocation, count, answer), (invocation, count, TRUNCATED));
    }
}

/// Checks that the object knows none of `invocations`, whatever the message has.
#[track_caller]
fn check_unknown(target: CPtr, invocations: &[Invocation]) {
    for &invocation in invocations {
        check_eq!((invocation, attempt(target, invocation, &[], &[])), (invocation, ILLEGAL_OPERATION));
    }
}

/// A new address space.
fn new_vspace(env: &mut Env) -> Outcome<VSpace> {
    Ok(cspace::ASID_POOL.assign(env.page_table()?)?)
}

/// The root of an address space that lost its ASID, since the pool of that is gone.
fn vspace_without_asid(env: &mut Env) -> Outcome<VSpace> {
    let (untyped, slot) = (env.untyped(ASID_POOL_BITS)?, env.empty_slot()?);
    cspace::ASID_CONTROL.make_pool(untyped, cspace::slot(slot))?;
    let vspace = AsidPool(slot).assign(env.page_table()?)?;
    cspace::slot(slot).delete()?;
    Ok(vspace)
}
