//! Asynchronous IPC between two address spaces: calls through shared rings, many at a time, with notifications only for a peer that sleeps.
//!
//! A sample is the instructions and the ticks that `batch` calls take while `concurrency` coroutines of the client each have one under
//! way. The metrics are those of `ipc-pingpong`; a note says how often who notified whom.

mod client;
mod peer;
mod server;
mod settings;

use core::sync::atomic::Ordering;

use rel4_abi::sched::MAX_PRIORITY;
use rel4_abi::{CapRights, ObjectType};
use rel4_records::Kind;
use rel4_runtime::buffer;
use rel4_runtime::cap::{Endpoint, Notification};
use rel4_runtime::process::{self, Grant, Process, ProcessSpec, Report};
use rel4_runtime::resources::Resources;
use rel4_runtime::shared::SharedMemory;
use rel4_runtime::uintr::{self, Delivery};

use self::settings::{Backend, Settings};
use crate::failure::{self, Failure};
use crate::ipc_pingpong::results::Results;
use crate::parameters::Parameters;
use crate::root::Root;

/// The workload's name.
pub const NAME: &str = "ipc-async";

/// Calls that can be under way at a time.
const CAPACITY: usize = 64;
type Channel<'m> = rel4_runtime::channel::Channel<'m, CAPACITY>;

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

    let shared = SharedMemory::new(&mut root.resources, Channel::WORDS + Results::words(settings.rounds))?;
    let [differences, sent, notifications, sleeps] = measure(root, &settings, &shared)?;
    if differences != 0 {
        return Err(Failure::WrongAnswer { differences });
    }
    let note = root.records.record(Kind::Note).field("calls", sent);
    note.field("client_notifications", notifications).field("client_sleeps", sleeps).finish()?;
    let copy = buffer::words(&mut root.resources, settings.rounds as usize)?;
    for (metric, unit, samples) in Results::new(&shared.words()[Channel::WORDS..]).metrics() {
        for (word, sample) in copy.iter_mut().zip(samples) {
            *word = sample.load(Ordering::Relaxed);
        }
        root.records.samples(metric, unit, copy)?;
    }
    Ok(())
}

/// Runs client and server; gives what the client reports.
fn measure(root: &mut Root, settings: &Settings, shared: &SharedMemory) -> Result<[u64; 4], Failure> {
    let supervisor = Endpoint(root.resources.make(ObjectType::Endpoint, 0)?);
    let to_server = Notification(root.resources.make(ObjectType::Notification, 0)?);
    let to_client = Notification(root.resources.make(ObjectType::Notification, 0)?);
    // Each waits on its own notification and signals the other's.
    let grants = |own: Notification, other: Notification| {
        [
            Grant { source: own.0, rights: CapRights::READ, badge: 0 },
            Grant { source: other.0, rights: CapRights::WRITE, badge: 1 },
        ]
    };
    let (server_grants, client_grants) = (grants(to_server, to_client), grants(to_client, to_server));
    let server = ProcessSpec {
        main: server::main,
        arguments: settings.arguments(),
        priority: PRIORITY,
        hart: settings.server_hart,
        supervisor,
        badge: SERVER_BADGE,
        grants: &server_grants,
        shared: Some(shared),
    };
    let client =
        ProcessSpec { main: client::main, hart: 0, badge: CLIENT_BADGE, grants: &client_grants, ..server };
    let server = process::create(&mut root.resources, root.info, &server)?;
    let client = process::create(&mut root.resources, root.info, &client)?;
    if settings.backend == Backend::UserInterrupts {
        connect(root, to_server, server, client)?;
        connect(root, to_client, client, server)?;
    }
    server.start()?;
    client.start()?;
    let (badge, report) = Report::receive(supervisor);
    failure::unless_finished(if badge == SERVER_BADGE { "server" } else { "client" }, report)
}

/// Makes `receiver` take `notification` as an interrupt of its own, which `sender` can raise.
fn connect(
    root: &mut Root,
    notification: Notification,
    receiver: Process,
    sender: Process,
) -> Result<(), Failure> {
    receiver.tcb().bind_notification(notification)?;
    // Asked for, so the way through the kernel is no substitute: it would be measured under the wrong name.
    if uintr::register(receiver.tcb(), notification)? != Delivery::InterruptFile {
        return Err(Failure::Check { name: "the_kernel_gives_an_interrupt_file" });
    }
    let slot = root.resources.take_slot()?;
    sender.vspace().register_sender(notification, peer::PAGE, Resources::CNODE, slot.word())?;
    Ok(())
}
