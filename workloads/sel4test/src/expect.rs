//! Answers of the kernel that tests expect.

use rel4_abi::{InvocationError, LookupFailure, LookupSide};
use rel4_runtime::error::Error;

/// The kernel refuses with `error`, all its words included.
pub const fn refused<T>(error: InvocationError) -> Result<T, Error> {
    Err(Error::Refused(error))
}

/// The kernel refuses because the slot that the operation takes from is empty; its address has `depth_bits`.
pub const fn source_missing<T>(depth_bits: u64) -> Result<T, Error> {
    let failure = LookupFailure::MissingCapability { bits_left: depth_bits };
    refused(InvocationError::FailedLookup { side: LookupSide::Source, failure })
}
