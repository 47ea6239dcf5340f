//! Domains and their schedule.

use rel4_abi::Invocation;

use super::{Answer, attempt, check_unknown, check_wants_all, invalid_argument, out_of_range};
use crate::cspace;
use crate::env::Env;
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(in super::super) const TESTS: &[Test] = &[
    basic("REL4_DOMAIN0001", "domain operations want all their words and capabilities", short_messages),
    basic("REL4_DOMAIN0002", "threads go into domains that exist, and nothing else does", set),
    basic("REL4_DOMAIN0003", "the schedule has room for so many turns of so many ticks", schedule),
];

fn short_messages(_env: &mut Env) -> Outcome {
    let domain = cspace::DOMAIN.0;
    check_wants_all(domain, Invocation::DomainSetSet, &[cspace::TCB.0], &[0]);
    check_wants_all(domain, Invocation::DomainScheduleConfigure, &[], &[0, 0, 1]);
    check_wants_all(domain, Invocation::DomainScheduleSetStart, &[], &[0]);
    check_unknown(domain, &[Invocation::TcbSetPriority, Invocation::CNodeDelete, Invocation::IrqAckIrq]);
    Ok(())
}

fn set(env: &mut Env) -> Outcome {
    let set = |domain: u64, thread| attempt(cspace::DOMAIN.0, Invocation::DomainSetSet, &[thread], &[domain]);
    check_eq!(set(0, env.endpoint()?.0), invalid_argument(1));
    check_eq!(set(0, env.empty_slot()?), invalid_argument(1));
    // The domain comes first.
    check_eq!(set(env.machine.domains, env.endpoint()?.0), invalid_argument(0));
    for domain in [env.machine.domains, 256, u64::MAX] {
        check_eq!(set(domain, cspace::TCB.0), invalid_argument(0));
    }
    check_eq!(set(0, env.tcb()?.0), Ok(()));
    Ok(())
}

fn schedule(env: &mut Env) -> Outcome {
    const TOO_LONG_TICKS: u64 = 1 << 56;
    /// Entries of the schedule, the last of which always ends it.
    const ENTRIES_OF_ONE_DOMAIN: u64 = 2;
    const ENTRIES_OF_SEVERAL: u64 = 100;
    let domains = env.machine.domains;
    let entries = if domains > 1 { ENTRIES_OF_SEVERAL } else { ENTRIES_OF_ONE_DOMAIN };
    let configure = |index, domain, ticks| cspace::DOMAIN.configure_schedule(index, domain, ticks);
    let set_start = |index| -> Answer { cspace::DOMAIN.set_schedule_start(index) };

    for index in [entries - 1, u64::MAX] {
        check_eq!(configure(index, 0, 1), out_of_range(0, entries - 2));
    }
    for domain in [domains, u64::MAX] {
        check_eq!(configure(0, domain, 1), out_of_range(0, domains - 1));
    }
    check_eq!(configure(0, 0, TOO_LONG_TICKS), invalid_argument(2));
    // The schedule starts with entry 0, which must not end it.
    check_eq!(configure(0, 0, 0), invalid_argument(2));
    if domains > 1 {
        check_eq!(configure(1, 1, 0), invalid_argument(1));
        check_eq!(configure(1, 0, 0), Ok(()));
    }
    check_eq!(set_start(1), invalid_argument(0));
    for index in [entries, u64::MAX] {
        check_eq!(set_start(index), out_of_range(0, entries - 1));
    }
    check_eq!(set_start(0), Ok(()));
    Ok(())
}
