//! seL4's test suite (sel4test), written anew in Rust against the runtime's bindings: the same test names, the same
//! properties, the same lines on the console. It is a root task of its own and runs on every kernel with the seL4 ABI.
//!
//! The *driver* is the root task. It runs *bootstrap* tests itself; every *basic* test runs in a process of its own,
//! made for it from untyped memory and destroyed with everything it made. Whoever runs a test gets an [`env::Env`] and
//! finds the usual capabilities at the addresses of [`cspace`].
//!
//! How to add a test: write `fn name(env: &mut Env) -> Outcome` in the file of its group in [`tests`] and name it in
//! that file's `TESTS`. How to add a group: a file with `TESTS`, and its line in `tests.rs`. The book's page on the
//! suite (`docs/sel4test.md`) says more.
//!
//! Principles
//!
//! * `check!` and `check_eq!` go on, `require!`, `require_eq!` and `?` end the test; each prints one line with the place.
//! * A test leaves nothing behind that the next one could see; statics start afresh in each basic test.
//! * No test depends on host time. Threads wait for each other by priorities, messages and signals, never by counting.
//!
//! Map
//!
//! * what a test uses: [`env`](mod@env) (objects, helper threads and processes), [`cspace`] (capabilities that are always there),
//!   [`schedule`](mod@schedule) (of domains), [`report`] (checks and what becomes of them), [`expect`] (answers to compare with), [`test`](mod@test) (how a test is described)
//! * [`tests`]: the groups, and the list of all tests in running order
//! * [`driver`]: from `BootInfo` to the last line; boot options, selection and order of tests, test processes
//! * what both use: [`message`] (messages of any length), [`arch`] (code that no compiler makes)
//! * between the two: [`init`] (what a test process is told), [`machine`] (what is known of kernel and machine), [`text`]

#![cfg_attr(not(test), no_std)]

#[macro_use]
pub mod report;

pub mod arch;
pub mod cspace;
pub mod driver;
pub mod env;
pub mod expect;
pub mod init;
pub mod machine;
pub mod message;
pub mod schedule;
pub mod test;
pub mod tests;
pub mod text;
