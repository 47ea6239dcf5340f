//! A client and a server in address spaces of their own, with a channel between them and a way for each to wake the other.

mod backend;
mod idle;
mod peer;
mod variant;

use rel4_abi::sched::MAX_PRIORITY;
use rel4_abi::{CapRights, ObjectType};
use rel4_runtime::cap::Notification;
use rel4_runtime::process::{self, Grant, Process, ProcessMain, ProcessSpec, Supervisor};
use rel4_runtime::resources::Resources;
use rel4_runtime::shared::SharedMemory;
use rel4_runtime::uintr::{self, Delivery};

pub(crate) use self::backend::{BACKENDS, Backend};
pub(crate) use self::idle::{IDLE, Idle, Idler, Polled, Unclaimed};
pub(crate) use self::peer::{receiver, sender, sender_to_first_task};
pub(crate) use self::variant::{NOTIFY, NotifyWhen, QUEUES, QueueKind};
use crate::failure::Failure;
use crate::root::Root;

/// Calls that can be under way at a time.
pub(crate) const CAPACITY: usize = 64;
/// The channel between the two.
pub(crate) type Channel<'m> = rel4_runtime::channel::Channel<'m, CAPACITY>;

/// Both run below the root task, which only waits.
const PRIORITY: u64 = MAX_PRIORITY - 1;
const SERVER_BADGE: u64 = 1;
const CLIENT_BADGE: u64 = 2;

/// What the two are to be.
#[derive(Clone, Copy)]
pub(crate) struct PairSpec<'a> {
    /// What the client runs, on hart 0.
    pub(crate) client: ProcessMain,
    /// What the server runs.
    pub(crate) server: ProcessMain,
    /// The hart that the server runs on.
    pub(crate) server_hart: u64,
    /// What both are told at the start.
    pub(crate) arguments: [u64; 4],
    /// What wakes a peer that sleeps.
    pub(crate) backend: Backend,
    /// Memory that both share with the root task: the channel, then whatever else.
    pub(crate) shared: &'a SharedMemory,
    /// Where they report to.
    pub(crate) supervisor: Supervisor,
}

/// Starts both.
pub(crate) fn start(root: &mut Root, spec: &PairSpec<'_>) -> Result<(), Failure> {
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
        main: spec.server,
        arguments: spec.arguments,
        priority: PRIORITY,
        hart: spec.server_hart,
        supervisor: spec.supervisor,
        badge: SERVER_BADGE,
        grants: &server_grants,
        shared: Some(spec.shared),
    };
    let client =
        ProcessSpec { main: spec.client, hart: 0, badge: CLIENT_BADGE, grants: &client_grants, ..server };
    let server = process::create(&mut root.resources, root.info, &server)?;
    let client = process::create(&mut root.resources, root.info, &client)?;
    if spec.backend == Backend::UserInterrupts {
        connect(root, to_server, server, client)?;
        connect(root, to_client, client, server)?;
    }
    server.start()?;
    client.start()?;
    Ok(())
}

/// The name of who reports with `badge`.
pub(crate) const fn name(badge: u64) -> &'static str {
    match badge {
        SERVER_BADGE => "server",
        CLIENT_BADGE => "client",
        _ => "unknown",
    }
}

/// Makes `receiver` take `notification` as an interrupt of its own, which `sender` can raise.
pub(crate) fn connect(
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
