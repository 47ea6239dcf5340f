//! Asynchronous IPC between two address spaces: calls through shared rings, many at a time, with notifications only for a peer that sleeps.
//!
//! A sample is the instructions and the ticks that `batch` calls take while `concurrency` coroutines of the client each have one under
//! way. The metrics are those of `ipc-pingpong`; notes say what both ends did from the first sample's begin to the last one's end.

pub(crate) mod client;
mod counters;
mod server;
mod settings;

use core::sync::atomic::Ordering;

use rel4_abi::ObjectType;
use rel4_records::Kind;
use rel4_runtime::buffer;
use rel4_runtime::cap::Endpoint;
use rel4_runtime::process::Report;
use rel4_runtime::shared::SharedMemory;

use self::counters::Counters;
use self::settings::Settings;
use crate::failure::{self, Failure};
use crate::ipc_pingpong::results::Results;
use crate::pair::{self, Channel, PairSpec};
use crate::parameters::Parameters;
use crate::root::Root;

/// The workload's name.
pub const NAME: &str = "ipc-async";

/// The label with which the client asks what the server did so far.
const STATISTICS: u64 = 0x40;

/// Where the client's [`Counters`] are in the shared memory; the server's follow, and then the results.
const CLIENT_COUNTERS: usize = Channel::WORDS;
const SERVER_COUNTERS: usize = CLIENT_COUNTERS + Counters::WORDS;
const RESULTS: usize = SERVER_COUNTERS + Counters::WORDS;

/// Runs the workload.
///
/// # Errors
///
/// Whatever goes wrong.
pub fn run(root: &mut Root, parameters: &Parameters<'_>) -> Result<(), Failure> {
    let settings = Settings::from_parameters(parameters)?;
    root.begin(NAME, parameters)?;

    let shared = SharedMemory::new(&mut root.resources, RESULTS + Results::words(settings.rounds))?;
    measure(root, &settings, &shared)?;
    let client = Counters::load(&shared.words()[CLIENT_COUNTERS..]);
    let server = Counters::load(&shared.words()[SERVER_COUNTERS..]);
    root.records
        .record(Kind::Note)
        .field("client_sent", client.sent)
        .field("client_notifications", client.notifications)
        .field("client_waits", client.waits)
        .field("server_sent", server.sent)
        .field("server_notifications", server.notifications)
        .field("server_waits", server.waits)
        .finish()?;
    let copy = buffer::words(&mut root.resources, settings.rounds as usize)?;
    for (metric, unit, samples) in Results::new(&shared.words()[RESULTS..]).metrics() {
        for (word, sample) in copy.iter_mut().zip(samples) {
            *word = sample.load(Ordering::Relaxed);
        }
        root.records.samples(metric, unit, copy)?;
    }
    Ok(())
}

/// Runs client and server, and checks that every call had its one right answer.
fn measure(root: &mut Root, settings: &Settings, shared: &SharedMemory) -> Result<(), Failure> {
    let supervisor = Endpoint(root.resources.make(ObjectType::Endpoint, 0)?);
    let spec = PairSpec {
        client: client::main,
        server: server::main,
        server_hart: settings.server_hart,
        arguments: settings.arguments(),
        backend: settings.backend,
        shared,
        supervisor,
    };
    pair::start(root, &spec)?;
    let (badge, report) = Report::receive(supervisor);
    let [differences, sent, received, violations] = failure::unless_finished(pair::name(badge), report)?;
    if differences != 0 {
        return Err(Failure::WrongAnswer { differences });
    }
    if sent != received || violations != 0 {
        return Err(Failure::Check { name: "every_call_is_answered_once" });
    }
    Ok(())
}
