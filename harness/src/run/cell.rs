//! Running one cell.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::interrupt::Interrupt;
use super::outcome::Outcome;
use super::watch::{Ending, Limits, RealClock, await_clients, watch};
use crate::clients::{Assignment, Exchange, Visit};
use crate::platform::{Launch, Platform};
use crate::serial::{self, Monitor, SerialLog};

/// What a boot gave.
#[derive(Debug)]
pub struct Boot {
    /// What it came to, as far as its own log tells.
    pub outcome: Outcome,
    /// What its log holds.
    pub log: SerialLog,
    /// What clients from outside measured, if there were any and all were served.
    pub exchanges: Option<Vec<Exchange>>,
    /// Host time from power-on to power-off.
    pub took: Duration,
}

/// Boots once and follows the guest to its end; clients with that `assignment`, if any, come to it. The machine is off when this returns, however it returns.
///
/// # Errors
/// The machine cannot be started or watched.
pub fn boot(
    platform: &dyn Platform,
    launch: &Launch<'_>,
    run_id: &str,
    limits: Limits,
    interrupt: &Interrupt,
    assignment: Option<Assignment>,
) -> anyhow::Result<Boot> {
    let power_on = Instant::now();
    let mut machine = platform.start(launch)?;
    let mut monitor = Monitor::new(run_id);
    let mut visit = Visit::of(assignment);
    let clock = RealClock::default();
    let ending = watch(machine.as_mut(), &mut monitor, limits, &clock, interrupt, &mut visit);
    let ending = ending.map(|ending| match ending {
        Ending::End => await_clients(&visit, limits.stall, &clock, interrupt),
        other => other,
    });
    // Clients of a server that is done have seen the end of their connections; others must not wait for it.
    let exchanges = match ending {
        Ok(Ending::End) => {
            let exchanges = visit.end();
            machine.stop();
            exchanges
        }
        _ => {
            machine.stop();
            visit.call_off()
        }
    };
    let took = power_on.elapsed();
    let ending = ending.with_context(|| format!("cannot follow {}", launch.log().display()))?;
    let log = read_log(&launch.log(), run_id)?;
    let outcome = Outcome::judge(&ending, &log, limits);
    let (outcome, exchanges) = match exchanges {
        Ok(exchanges) => (outcome, exchanges),
        Err(complaint) => (outcome.with_complaint(&complaint), None),
    };
    Ok(Boot { outcome, log, exchanges, took })
}

/// Reads a raw log. An emulator that never got to its serial line leaves none: that is an empty one.
///
/// # Errors
/// The log cannot be read.
pub fn read_log(path: &Path, run_id: &str) -> anyhow::Result<SerialLog> {
    let bytes = if path.exists() { fs::read(path) } else { Ok(Vec::new()) };
    let bytes = bytes.with_context(|| format!("cannot read {}", path.display()))?;
    Ok(serial::parse(&bytes, Some(run_id)))
}
