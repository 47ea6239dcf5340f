//! Finding out what the kernel has that user space is not told.

use rel4_abi::{CPtr, InvocationError};
use rel4_runtime::arch;
use rel4_runtime::cap::Endpoint;
use rel4_runtime::error::Error;
use rel4_runtime::resources::ResourceError;

use crate::cspace;
use crate::env::Env;
use crate::report::{Outcome, RESULT};

/// Most domains that a kernel can have.
const MAX_DOMAINS: u64 = 256;

/// Counts the domains into which a thread can be put.
///
/// # Errors
///
/// Those of making objects.
pub(super) fn domains(env: &mut Env) -> Result<u64, ResourceError> {
    let guinea_pig = env.tcb()?;
    for domain in 0..MAX_DOMAINS {
        match cspace::DOMAIN.set(domain, guinea_pig) {
            Ok(()) => {}
            Err(Error::Refused(InvocationError::InvalidArgument { .. })) => return Ok(domain),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(MAX_DOMAINS)
}

/// Whether the kernel has debug system calls: a thread tries one that does nothing. Elsewhere that is a fault, which
/// arrives at `supervisor`, where faults of helpers of `env` go.
///
/// # Errors
///
/// Those of making objects.
pub(super) fn has_debug_calls(env: &mut Env, supervisor: Endpoint) -> Result<bool, ResourceError> {
    fn identify_nothing([supervisor, ..]: [u64; 4]) -> Outcome<u64> {
        let number = arch::debug_cap_identify(CPtr::NULL);
        Endpoint(CPtr(supervisor)).send(RESULT, [number]);
        Ok(number)
    }
    let guinea_pig = env.thread()?;
    guinea_pig.start(identify_nothing, [supervisor.0.word(), 0, 0, 0])?;
    let label = supervisor.recv().info.label();
    env.destroy(guinea_pig)?;
    Ok(label == RESULT)
}
