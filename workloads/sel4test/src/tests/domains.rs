//! Scheduling domains.

mod turns;

use rel4_abi::{Invocation, InvocationError};
use rel4_runtime::cap::{DomainControl, invoke};

use crate::cspace;
use crate::env::Env;
use crate::expect::refused;
use crate::report::Outcome;
use crate::schedule;
use crate::test::{Need, Test, basic};

pub(super) const TESTS: &[Test] = &[
    basic("DOMAINS0001", "a thread is put into the last domain and back", there_and_back),
    basic("DOMAINS0002", "there is no domain behind the last one", too_many),
    basic("DOMAINS0003", "a thread's capability has no authority over domains", not_a_domain_cap),
    basic("DOMAINS0004", "threads run in the turns of their domain, and only then", turns::only_in_turn)
        .needing(Need::SeveralDomains)
        .needing(Need::Timer),
    basic("DOMAINS0005", "several threads in every domain come to their end", turns::all_finish)
        .needing(Need::SeveralDomains)
        .needing(Need::Timer),
];

/// Ticks that a domain gets before it is the next one's turn.
const TURN_TICKS: u64 = 1;

fn there_and_back(env: &mut Env) -> Outcome {
    let last = env.machine.domains - 1;
    if last > 0 {
        // A thread in a domain that never has its turn would not come back.
        schedule::set(&[(0, TURN_TICKS), (last, TURN_TICKS)])?;
    }
    check_eq!(cspace::DOMAIN.set(last, cspace::TCB), Ok(()));
    check_eq!(cspace::DOMAIN.set(0, cspace::TCB), Ok(()));
    Ok(())
}

fn too_many(env: &mut Env) -> Outcome {
    let no_such_domain = refused(InvocationError::InvalidArgument { index: 0 });
    check_eq!(cspace::DOMAIN.set(env.machine.domains, cspace::TCB), no_such_domain);
    check_eq!(cspace::DOMAIN.set(env.machine.domains + 10, cspace::TCB), no_such_domain);
    Ok(())
}

fn not_a_domain_cap(_env: &mut Env) -> Outcome {
    let not_domains = DomainControl(cspace::TCB.0);
    check_eq!(not_domains.set(0, cspace::TCB), refused(InvocationError::IllegalOperation));
    let without_arguments = invoke(cspace::TCB.0, Invocation::DomainSetSet, &[], &[]).map(drop);
    check_eq!(without_arguments, refused(InvocationError::IllegalOperation));
    Ok(())
}
