//! Whether the suite itself works.

use crate::cspace;
use crate::env::Env;
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(super) const TESTS: &[Test] = &[
    basic("TRIVIAL0000", "the suite can check something", arithmetic),
    basic("TRIVIAL0001", "objects are made and destroyed again and again", allocation),
    basic("TRIVIAL0002", "memory is fresh after another test had it", allocation),
];

fn arithmetic(_env: &mut Env) -> Outcome {
    check!(core::hint::black_box(2) >= 1);
    Ok(())
}

fn allocation(env: &mut Env) -> Outcome {
    for _ in 0..100 {
        let endpoint = env.endpoint()?;
        cspace::slot(endpoint.0).delete()?;
    }
    Ok(())
}
