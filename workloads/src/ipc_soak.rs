//! Asynchronous IPC under stress: very many calls, each with an id of its own, with random concurrency and random stalls on both
//! sides. It passes if the server saw every call once, every call got its own answer once, and neither side was ever stuck.
//!
//! What is random comes from a seed. A fault can be planted, which has to be found.

mod client;
mod fault;
mod numbers;
mod progress;
mod server;
mod settings;
mod stall;
mod token;
mod watchdog;

use rel4_abi::sched::MAX_PRIORITY;
use rel4_records::Kind;
use rel4_runtime::process::{self, ProcessSpec, Supervisor};
use rel4_runtime::shared::SharedMemory;

use self::progress::Progress;
use self::settings::Settings;
use crate::failure::{self, Failure};
use crate::pair::{self, Channel, PairSpec};
use crate::parameters::Parameters;
use crate::root::Root;

/// The workload's name.
pub const NAME: &str = "ipc-soak";

/// Label of a call that the server keeps account of.
const WORK: u64 = 0x10;
/// Label of the question for that account.
const ACCOUNT: u64 = 0x20;

/// The watchdog runs when client or server leave it the hart.
const WATCHDOG_PRIORITY: u64 = MAX_PRIORITY - 2;
const WATCHDOG_BADGE: u64 = 3;

/// Runs the workload.
///
/// # Errors
///
/// Whatever goes wrong.
pub fn run(root: &mut Root, parameters: &Parameters<'_>) -> Result<(), Failure> {
    let settings = Settings::from_parameters(parameters)?;
    let patience_ticks = match root.timebase_hz {
        Some(hertz) => settings.patience_ms * hertz as u64 / 1000,
        None => return Err(Failure::Check { name: "the_device_tree_says_the_timebase" }),
    };
    root.begin(NAME, parameters)?;

    let shared = SharedMemory::new(&mut root.resources, Channel::WORDS + Progress::WORDS)?;
    let supervisor = Supervisor::new(&mut root.resources)?;
    let spec = PairSpec {
        client: client::main,
        server: server::main,
        server_hart: settings.server_hart,
        arguments: settings.arguments(),
        backend: settings.backend,
        shared: &shared,
        supervisor,
    };
    pair::start(root, &spec)?;
    let watchdog = ProcessSpec {
        main: watchdog::main,
        arguments: [patience_ticks, 0, 0, 0],
        priority: WATCHDOG_PRIORITY,
        hart: 0,
        supervisor,
        badge: WATCHDOG_BADGE,
        grants: &[],
        shared: Some(&shared),
    };
    process::create(&mut root.resources, root.info, &watchdog)?.start()?;

    let progress = Progress::new(&shared.words()[Channel::WORDS..]);
    let (badge, report) = supervisor.receive();
    if badge == WATCHDOG_BADGE {
        failure::unless_finished("watchdog", report)?;
        return Err(Failure::Stalled { complete: progress.answered(), calls: settings.calls });
    }
    let results = failure::unless_finished(pair::name(badge), report)?;
    check(results)?;
    let note = root.records.record(Kind::Note).field("answered", progress.answered());
    note.field("epochs", progress.epochs())
        .field("client_waits", progress.client_waits())
        .field("server_waits", progress.server_waits())
        .finish()?;
    Ok(())
}

/// Checks what the client found out.
fn check([differences, unbalanced, violations, _]: [u64; 4]) -> Result<(), Failure> {
    if differences != 0 {
        return Err(Failure::WrongAnswer { differences });
    }
    if unbalanced != 0 {
        return Err(Failure::Check { name: "the_server_sees_every_call_once" });
    }
    if violations != 0 {
        return Err(Failure::Check { name: "nobody_breaks_the_protocol" });
    }
    Ok(())
}
