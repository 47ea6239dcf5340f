//! Synchronous IPC between two address spaces: Call in one, `ReplyRecv` in the other.
//!
//! A sample is the instructions and the ticks that `batch` round trips take. Metrics: `round_trip` (instructions) and
//! `round_trip_time` (ticks) are the raw differences of a sample; `overhead` (instructions) is the same measurement
//! around nothing.

mod client;
pub(crate) mod messages;
pub(crate) mod results;
mod server;
mod settings;

use core::sync::atomic::Ordering;

use rel4_abi::sched::MAX_PRIORITY;
use rel4_abi::{CapRights, ObjectType};
use rel4_runtime::buffer;
use rel4_runtime::cap::Endpoint;
use rel4_runtime::process::{self, Grant, ProcessSpec, Supervisor};
use rel4_runtime::shared::SharedMemory;

use self::results::Results;
use self::settings::Settings;
use crate::failure::{self, Failure};
use crate::parameters::Parameters;
use crate::root::Root;

/// The workload's name.
pub const NAME: &str = "ipc-pingpong";

/// Both processes run below the root task, which only waits, and above nobody else.
const PRIORITY: u64 = MAX_PRIORITY - 1;

const SERVER_BADGE: u64 = 1;
const CLIENT_BADGE: u64 = 2;

/// Runs the workload.
///
/// # Errors
///
/// Whatever goes wrong.
pub fn run(root: &mut Root, parameters: &Parameters<'_>) -> Result<(), Failure> {
    let settings = Settings::from_parameters(parameters)?;
    root.begin(NAME, parameters)?;

    let results = SharedMemory::new(&mut root.resources, Results::words(settings.rounds))?;
    measure(root, &settings, &results)?;

    let copy = buffer::words(&mut root.resources, settings.rounds as usize)?;
    for (metric, unit, samples) in Results::new(results.words()).metrics() {
        for (word, sample) in copy.iter_mut().zip(samples) {
            *word = sample.load(Ordering::Relaxed);
        }
        root.records.samples(metric, unit, copy)?;
    }
    Ok(())
}

fn measure(root: &mut Root, settings: &Settings, results: &SharedMemory) -> Result<(), Failure> {
    let service = Endpoint(root.resources.make(ObjectType::Endpoint, 0)?);
    let supervisor = Supervisor::new(&mut root.resources)?;
    let receive = [Grant { source: service.0, rights: CapRights::READ, badge: 0 }];
    let call = [Grant {
        source: service.0,
        rights: CapRights::WRITE.union(CapRights::GRANT_REPLY),
        badge: messages::CLIENT,
    }];
    let server = ProcessSpec {
        main: server::main,
        arguments: settings.arguments(),
        priority: PRIORITY,
        hart: settings.server_hart,
        supervisor,
        badge: SERVER_BADGE,
        grants: &receive,
        shared: None,
    };
    let client = ProcessSpec {
        main: client::main,
        hart: 0,
        badge: CLIENT_BADGE,
        grants: &call,
        shared: Some(results),
        ..server
    };
    let server = process::create(&mut root.resources, root.info, &server)?;
    let client = process::create(&mut root.resources, root.info, &client)?;
    server.start()?;
    client.start()?;
    wait(supervisor)
}

/// Waits until the client is done, or something else happens to one of the two.
fn wait(supervisor: Supervisor) -> Result<(), Failure> {
    let (badge, report) = supervisor.receive();
    let process = match badge {
        SERVER_BADGE => "server",
        CLIENT_BADGE => "client",
        _ => "unknown",
    };
    let [differences, ..] = failure::unless_finished(process, report)?;
    if differences == 0 { Ok(()) } else { Err(Failure::WrongAnswer { differences }) }
}
