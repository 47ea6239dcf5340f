//! Finding out what the kernel has that user space is not told.

use rel4_abi::{BenchmarkSyscall, CPtr, InvocationError};
use rel4_runtime::arch;
use rel4_runtime::cap::Endpoint;
use rel4_runtime::error::Error;
use rel4_runtime::resources::ResourceError;

use crate::cspace;
use crate::env::{Env, HelperMain};
use crate::report::RESULT;

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

/// Whether the kernel has debug system calls: a thread tries one that does nothing.
///
/// # Errors
///
/// Those of making objects.
pub(super) fn has_debug_calls(env: &mut Env, supervisor: Endpoint) -> Result<bool, ResourceError> {
    survives(env, supervisor, |[supervisor, ..]| {
        let number = arch::debug_cap_identify(CPtr::NULL);
        Endpoint(CPtr(supervisor)).send(RESULT, [number]);
        Ok(number)
    })
}

/// Whether the kernel has benchmark system calls.
///
/// # Errors
///
/// Those of making objects.
pub(super) fn has_benchmark_calls(env: &mut Env, supervisor: Endpoint) -> Result<bool, ResourceError> {
    survives(env, supervisor, |[supervisor, ..]| {
        let number = arch::benchmark(BenchmarkSyscall::NullSyscall, 0);
        Endpoint(CPtr(supervisor)).send(RESULT, [number]);
        Ok(number)
    })
}

/// Whether a thread gets through `attempt`, which sends a result to the endpoint that is its first argument. What the kernel does not have
/// is a fault, which arrives at `supervisor` too: faults of helpers of `env` go there.
fn survives(env: &mut Env, supervisor: Endpoint, attempt: HelperMain) -> Result<bool, ResourceError> {
    let guinea_pig = env.thread()?;
    guinea_pig.start(attempt, [supervisor.0.word(), 0, 0, 0])?;
    let label = supervisor.recv().info.label();
    env.destroy(guinea_pig)?;
    Ok(label == RESULT)
}
