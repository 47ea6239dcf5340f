//! Letting threads of lower priority run until all of them are blocked.

use rel4_abi::CPtr;
use rel4_runtime::cap::Endpoint;

use super::Env;
use crate::report::Outcome;

/// A thread that does nothing but answer. Who calls it goes on when no thread above it has anything to do.
#[derive(Clone, Copy, Debug)]
pub struct Bouncer(Endpoint);

impl Env {
    /// Makes a bouncer with that priority.
    ///
    /// # Errors
    ///
    /// Those of making a helper.
    pub fn bouncer(&mut self, priority: u64) -> Outcome<Bouncer> {
        let endpoint = self.endpoint()?;
        let thread = self.thread()?;
        thread.set_priority(priority)?;
        thread.start(answer, [endpoint.0.word(), 0, 0, 0])?;
        Ok(Bouncer(endpoint))
    }
}

impl Bouncer {
    /// Blocks until every thread of higher priority than the bouncer is blocked.
    pub fn let_others_run(self) {
        self.0.call(0, []);
    }
}

fn answer([endpoint, ..]: [u64; 4]) -> Outcome<u64> {
    let endpoint = Endpoint(CPtr(endpoint));
    let _request = endpoint.recv();
    loop {
        endpoint.reply_recv(0, []);
    }
}
