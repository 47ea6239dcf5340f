//! The tests, a file a group.

mod benchmark;
mod bind;
mod cancel_badged_sends;
mod clock;
mod cnode_ops;
mod cspace;
mod delays;
mod domains;
mod faults;
mod fpu;
mod frames;
mod ipc;
mod ipc_rights;
mod multicore;
mod nbwait;
mod preemption;
mod refusals;
mod regressions;
mod retype;
mod scheduler;
mod sync;
mod syscalls;
mod threads;
mod tls;
mod transfer;
mod trivial;
mod vspace;

use crate::test::Test;

/// The groups.
const GROUPS: &[&[Test]] = &[
    syscalls::TESTS,
    transfer::TESTS,
    benchmark::TESTS,
    bind::TESTS,
    cancel_badged_sends::TESTS,
    clock::TESTS,
    cnode_ops::TESTS,
    cspace::TESTS,
    delays::TESTS,
    domains::TESTS,
    faults::TESTS,
    fpu::TESTS,
    frames::TESTS,
    ipc::TESTS,
    ipc_rights::TESTS,
    multicore::TESTS,
    nbwait::TESTS,
    preemption::TESTS,
    refusals::asid::TESTS,
    refusals::cnode::TESTS,
    refusals::domain::TESTS,
    refusals::frame::TESTS,
    refusals::interrupt::TESTS,
    refusals::notification::TESTS,
    refusals::page_table::TESTS,
    refusals::tcb::TESTS,
    refusals::untyped::TESTS,
    regressions::TESTS,
    retype::TESTS,
    scheduler::TESTS,
    sync::TESTS,
    threads::TESTS,
    tls::TESTS,
    trivial::TESTS,
    vspace::TESTS,
];

/// Number of tests.
const COUNT: usize = {
    let (mut count, mut group) = (0, 0);
    while group < GROUPS.len() {
        count += GROUPS[group].len();
        group += 1;
    }
    count
};

/// All tests, group by group.
pub const TESTS: &[&Test] = &{
    let mut all = [&GROUPS[0][0]; COUNT];
    let (mut next, mut group) = (0, 0);
    while group < GROUPS.len() {
        let mut index = 0;
        while index < GROUPS[group].len() {
            all[next] = &GROUPS[group][index];
            next += 1;
            index += 1;
        }
        group += 1;
    }
    all
};

#[cfg(test)]
mod checks {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_stand_in_the_drivers_lines_as_one_word() {
        let names: BTreeSet<&str> = TESTS.iter().map(|test| test.name).collect();
        assert_eq!(names.len(), TESTS.len());
        let is_word = |name: &str| {
            name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        };
        assert!(names.iter().all(|name| !name.is_empty() && is_word(name)));
    }
}
