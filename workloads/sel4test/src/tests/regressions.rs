//! What was broken once in seL4.

use rel4_runtime::cap::Tcb;

use crate::arch;
use crate::env::Env;
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(super) const TESTS: &[Test] =
    &[basic("REGRESSIONS0001", "a thread starts with every register as it was written", registers)];

const PRIORITY: u64 = 100;

fn registers(env: &mut Env) -> Outcome {
    let endpoint = env.endpoint()?;
    let helper = env.thread()?;
    let thread: Tcb = helper.tcb();
    helper.set_priority(PRIORITY)?;
    thread.write_registers_and_resume(&arch::comparing_context(endpoint.0))?;
    let outcome = endpoint.recv();
    require_eq!(outcome.info.length(), 1);
    const ALL_AS_WRITTEN: u64 = 0;
    if outcome.info.label() != ALL_AS_WRITTEN {
        let first_wrong_register = outcome.words[0];
        check_eq!(first_wrong_register, 0);
    }
    thread.suspend()?;
    Ok(())
}
