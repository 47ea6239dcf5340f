//! Asynchronous system calls end to end.

use crate::bench::{Run, possible};

#[test]
fn requests_of_every_kind_do_what_they_should() {
    if !possible() {
        return;
    }
    // The workloads check every answer, and that the pages they asked for are there.
    Run::measured(include_str!("syscalls.toml"), 7);
}
