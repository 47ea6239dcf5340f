//! Address spaces.

use crate::env::Env;
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(super) const TESTS: &[Test] = &[basic("VSPACE0000", "a process runs and gives a value", process)];

fn process(env: &mut Env) -> Outcome {
    fn answer(_: [u64; 4]) -> Outcome<u64> {
        Ok(42)
    }
    let process = env.process()?;
    process.start(answer, [0; 4])?;
    require!(process.join()? == 42);
    env.destroy(process)?;
    Ok(())
}
