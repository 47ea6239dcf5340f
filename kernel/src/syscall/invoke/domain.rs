//! Domain: putting threads into domains, changing the schedule.

use rel4_abi::{Invocation as Op, InvocationError};

use super::super::invocation::{Answer, Invocation, Outcome};
use crate::cap::Cap;
use crate::config::{NUM_DOMAIN_SCHEDULES, NUM_DOMAINS};
use crate::domain::{Entry, MAX_DURATION_TICKS};
use crate::remote;
use crate::sched;

pub(in super::super) fn invoke(inv: &Invocation<'_>) -> Outcome {
    match inv.operation() {
        Some(Op::DomainSetSet) => set(inv),
        Some(Op::DomainScheduleConfigure) => configure(inv),
        Some(Op::DomainScheduleSetStart) => set_start(inv),
        _ => Err(InvocationError::IllegalOperation.into()),
    }
}

fn domain(word: u64) -> Option<u8> {
    u8::try_from(word).ok().filter(|&domain| usize::from(domain) < NUM_DOMAINS)
}

fn set(inv: &Invocation<'_>) -> Outcome {
    let [word] = inv.arguments()?;
    let domain = domain(word).ok_or(InvocationError::InvalidArgument { index: 0 })?;
    let Cap::Thread(thread) = inv.extra_cap(0)?.cap() else {
        return Err(InvocationError::InvalidArgument { index: 1 }.into());
    };
    remote::stop(inv.k, thread);
    sched::set_domain(inv.k, thread, domain);
    Ok(Answer::EMPTY)
}

fn configure(inv: &Invocation<'_>) -> Outcome {
    let [index, domain_word, duration_ticks] = inv.arguments()?;
    // The last entry always ends the schedule.
    let max_index = NUM_DOMAIN_SCHEDULES as u64 - 2;
    if index > max_index {
        return Err(InvocationError::RangeError { min: 0, max: max_index }.into());
    }
    let max_domain = NUM_DOMAINS as u64 - 1;
    let domain = domain(domain_word).ok_or(InvocationError::RangeError { min: 0, max: max_domain })?;
    if duration_ticks > MAX_DURATION_TICKS {
        return Err(InvocationError::InvalidArgument { index: 2 }.into());
    }
    if duration_ticks == 0 && domain != 0 {
        return Err(InvocationError::InvalidArgument { index: 1 }.into());
    }
    let domains = &inv.k.domains;
    if duration_ticks == 0 && index as usize == domains.start() {
        return Err(InvocationError::InvalidArgument { index: 2 }.into());
    }
    domains.configure(index as usize, Entry { domain, duration_ticks });
    Ok(Answer::EMPTY)
}

fn set_start(inv: &Invocation<'_>) -> Outcome {
    let [index] = inv.arguments()?;
    let max = NUM_DOMAIN_SCHEDULES as u64 - 1;
    if index > max {
        return Err(InvocationError::RangeError { min: 0, max }.into());
    }
    if inv.k.domains.is_end(index as usize) {
        return Err(InvocationError::InvalidArgument { index: 0 }.into());
    }
    inv.k.domains.set_start(index as usize);
    sched::reschedule_required(inv.k);
    Ok(Answer::EMPTY)
}
