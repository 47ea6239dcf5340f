//! Notifications between two address spaces, one at a time: through the kernel, or by a store into the receiver's interrupt file.
//!
//! A process notifies another one, which is *online*, that is it runs or could run, or *offline*, that is it waits in the kernel. Markers say when
//! the sender begins, when it is done with sending, when the receiver's program is entered, when that has the notification, and when the code that the
//! notification is for goes on ([`rel4_markers::Tracepoint`]); between them stand the kernel's own tracepoints. So all numbers come from the
//! cost model.
//!
//! Map: `receiver`, `sender` (the two processes), `board` (the memory they share), `settings`

mod board;
mod receiver;
mod sender;
mod settings;

use rel4_abi::sched::MAX_PRIORITY;
use rel4_abi::{CapRights, ObjectType};
use rel4_markers::Stage;
use rel4_runtime::cap::{Endpoint, Notification};
use rel4_runtime::process::{self, Grant, Process, ProcessSpec, Report};
use rel4_runtime::resources::{ResourceError, Resources};
use rel4_runtime::shared::SharedMemory;

use self::board::Board;
use self::settings::{Presence, Settings};
use crate::failure::{self, Failure};
use crate::pair::Backend;
use crate::parameters::Parameters;
use crate::root::Root;

/// The workload's name.
pub const NAME: &str = "notification";

/// The sender runs below the root task, which only waits.
const SENDER_PRIORITY: u64 = MAX_PRIORITY - 2;
/// The badge of what is sent, and, as a bit of the notification word, identity 1.
const BADGE: u64 = 1;
const RECEIVER: u64 = 1;
const SENDER: u64 = 2;

/// Runs the workload.
///
/// # Errors
///
/// Whatever goes wrong.
pub fn run(root: &mut Root, parameters: &Parameters<'_>) -> Result<(), Failure> {
    let settings = Settings::from_parameters(parameters)?;
    root.begin(NAME, parameters)?;
    let shared = SharedMemory::new(&mut root.resources, Board::WORDS)?;
    let supervisor = Endpoint(root.resources.make(ObjectType::Endpoint, 0)?);
    let notification = Notification(root.resources.make(ObjectType::Notification, 0)?);
    let grant = |rights, badge| [Grant { source: notification.0, rights, badge }];
    // A receiver that waits goes on at once; one that could run takes turns with the sender.
    let receiver_priority = match settings.receiver {
        Presence::Online => SENDER_PRIORITY,
        Presence::Offline => SENDER_PRIORITY + 1,
    };
    let receiver = ProcessSpec {
        main: receiver::main,
        arguments: settings.arguments(),
        priority: receiver_priority,
        hart: settings.receiver_hart,
        supervisor,
        badge: RECEIVER,
        grants: &grant(CapRights::READ, 0),
        shared: Some(&shared),
    };
    let sender = ProcessSpec {
        main: sender::main,
        priority: SENDER_PRIORITY,
        hart: 0,
        badge: SENDER,
        grants: &grant(CapRights::WRITE, BADGE),
        ..receiver
    };
    let receiver = process::create(&mut root.resources, root.info, &receiver)?;
    let sender = process::create(&mut root.resources, root.info, &sender)?;
    register(root, settings.backend, notification, receiver, sender)?;
    receiver.start()?;
    sender.start()?;
    let (badge, report) = Report::receive(supervisor);
    let [received, ..] =
        failure::unless_finished(if badge == SENDER { "sender" } else { "receiver" }, report)?;
    if received != settings.warmup + settings.rounds {
        return Err(Failure::Check { name: "every_notification_arrives_once" });
    }
    Ok(())
}

/// Gives `receiver` what it is notified by, and `sender` what it notifies through: the stage before all others.
fn register(
    root: &mut Root,
    backend: Backend,
    notification: Notification,
    receiver: Process,
    sender: Process,
) -> Result<(), ResourceError> {
    let slots = [root.resources.take_slot()?, root.resources.take_slot()?];
    rel4_markers::begin::<{ Stage::Registration.index() }>();
    match backend {
        Backend::UserInterrupts => {
            receiver.tcb().bind_notification(notification)?;
            receiver.tcb().register_receiver(notification, receiver::interrupt_entry())?;
            let page = sender::PAGE;
            sender.vspace().register_sender(notification, page, Resources::CNODE, slots[0].word())?;
        }
        // What the processes were granted, once more: a capability for each.
        Backend::KernelNotifications => {
            let original = Resources::slot(notification.0);
            Resources::slot(slots[0]).mint_badged_from(original, CapRights::READ, 0)?;
            Resources::slot(slots[1]).mint_badged_from(original, CapRights::WRITE, BADGE)?;
        }
    }
    rel4_markers::end::<{ Stage::Registration.index() }>();
    Ok(())
}
