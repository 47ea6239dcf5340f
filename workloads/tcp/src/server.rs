//! The workloads: an echo server and a load generator, both inside the guest.
//!
//! `tcp-echo` measures: a sample is what a batch of messages costs while each connection has one under way, and the log says when each
//! message was sent and received. `tcp-churn` checks: clients come and go, and afterwards the server holds as much as before. `tcp-serve` does so with clients from
//! outside the machine.

use rel4_abi::CPtr;
use rel4_records::Kind;
use rel4_runtime::buffer;
use rel4_runtime::process::{CSpace, Supervisor};
use rel4_runtime::resources::Resources;
use rel4_runtime::shared::SharedMemory;
use rel4_workloads::failure::{self, Failure};
use rel4_workloads::parameters::Parameters;
use rel4_workloads::root::Root;

use crate::cast::{self, Cast, Role, Started};
use crate::generator::log::Log;
use crate::layout::Parts;
use crate::settings::{Ipc, Settings, Told, Work};
use crate::stack::synchronous::CSPACE_BITS;

/// The name of the workload that measures.
pub const ECHO: &str = "tcp-echo";
/// The name of the workload whose clients come and go.
pub const CHURN: &str = "tcp-churn";

/// The name of the workload for clients from outside.
pub const SERVE: &str = "tcp-serve";

/// Measures.
///
/// # Errors
///
/// Whatever goes wrong.
pub fn echo(root: &mut Root, parameters: &Parameters<'_>) -> Result<(), Failure> {
    let settings = Settings::of_load(parameters)?;
    root.begin(ECHO, parameters)?;
    let (shared, parts) = run(root, &settings)?;
    let log = Log::new(&shared.words()[parts.of_network()]);
    let copy = buffer::words(&mut root.resources, log.entries().count())?;
    for (word, entry) in copy.iter_mut().zip(log.entries()) {
        *word = entry;
    }
    root.records.samples("message_log", "events", copy)?;
    Ok(())
}

/// Checks.
///
/// # Errors
///
/// Whatever goes wrong.
pub fn churn(root: &mut Root, parameters: &Parameters<'_>) -> Result<(), Failure> {
    let settings = Settings::of_churn(parameters)?;
    root.begin(CHURN, parameters)?;
    run(root, &settings).map(drop)
}

/// Serves clients from outside the machine.
///
/// # Errors
///
/// Whatever goes wrong.
pub fn serve(root: &mut Root, parameters: &Parameters<'_>) -> Result<(), Failure> {
    let settings = Settings::of_serve(parameters)?;
    root.begin(SERVE, parameters)?;
    run(root, &settings).map(drop)
}

/// Runs all processes until the generator and the application are done, and checks what they and the capabilities say.
fn run(root: &mut Root, settings: &Settings) -> Result<(SharedMemory, Parts), Failure> {
    let timebase_hz = root.timebase_hz.ok_or(Failure::Check { name: "the_device_tree_has_a_timebase" })?;
    let arguments = settings.arguments(timebase_hz as u64 / 1_000_000);
    let told = Told::from_arguments(arguments);
    let parts = Parts::of_run(&told);
    let shared = SharedMemory::new(&mut root.resources, parts.words())?;
    let supervisor = Supervisor::new(&mut root.resources)?;
    let spare = root.resources.take_slot()?;
    let cast = Cast { settings, arguments, parts, shared: &shared, supervisor };
    let Started { stack } = cast.start(root)?;
    let before = occupied(stack, spare)?;
    let (mut messages, mut left) = (0, [0; 2]);
    let reports = match settings.work {
        Work::Load { .. } | Work::Churn { .. } => 2,
        Work::Serve { .. } => 1,
    };
    for _ in 0..reports {
        let (badge, report) = supervisor.receive();
        let role = cast::role(badge);
        let results = failure::unless_finished(role.map_or("unknown", Role::name), report)?;
        match role {
            Some(Role::Generator) => messages = came_back(results)?,
            Some(Role::Application) => left = served(&told, results)?,
            Some(Role::Stack | Role::Driver) | None => {
                return Err(Failure::Check { name: "stack_and_driver_serve_for_ever" });
            }
        }
    }
    let capabilities = occupied(stack, spare)? - before;
    let [open, waiting] = left;
    root.records
        .record(Kind::Note)
        .field("messages", messages)
        .field("clients_served", told.sessions())
        .field("connections_left", open)
        .field("operations_left", waiting)
        .field("capabilities_added", capabilities)
        .finish()?;
    if open != 0 || waiting != 0 || capabilities > capabilities_that_wait(settings) {
        return Err(Failure::Check { name: "the_server_holds_as_much_as_before" });
    }
    Ok((shared, parts))
}

/// The messages that the generator sent, if each came back as it was.
fn came_back([sent, right, differences, violations]: [u64; 4]) -> Result<u64, Failure> {
    if differences != 0 {
        return Err(Failure::WrongAnswer { differences });
    }
    if sent != right || violations != 0 {
        return Err(Failure::Check { name: "every_message_comes_back_once" });
    }
    Ok(sent)
}

/// The connections that are still open and the operations on them that still wait, if it served all clients.
fn served(told: &Told, [served, violations, open, waiting]: [u64; 4]) -> Result<[u64; 2], Failure> {
    if served != told.sessions() || violations != 0 {
        return Err(Failure::Check { name: "every_client_is_served_to_its_end" });
    }
    Ok([open, waiting])
}

/// Reply capabilities that the stack may keep in the end: one for each thread of the application but the one that was last, which all wait for
/// a client, or are about to.
const fn capabilities_that_wait(settings: &Settings) -> u64 {
    match settings.ipc {
        Ipc::Sync => settings.connections - 1,
        Ipc::AsyncOverInterrupts | Ipc::AsyncOverKernel => 0,
    }
}

/// Slots of the stack's `cspace` that hold a capability: those from which one can be moved to `spare`, and back.
fn occupied(cspace: CSpace, spare: CPtr) -> Result<u64, Failure> {
    let mut count = 0;
    for index in 0..1 << CSPACE_BITS {
        if Resources::slot(spare).move_from(cspace.slot(index)).is_ok() {
            cspace.slot(index).move_from(Resources::slot(spare))?;
            count += 1;
        }
    }
    Ok(count)
}
