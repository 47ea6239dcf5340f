//! How the processes wake each other: which capability or sender page each of them has for whom.

use rel4_runtime::cap::Notification;
use rel4_runtime::interrupt::Identity;
use rel4_runtime::process;
use rel4_runtime::uintr::{Delivery, Receiver, Sender, SenderPage};

use crate::settings::{Ipc, Told, Work};

/// Grant of every process: its own notification.
pub const OWN: u64 = 0;
/// Grant of the application and of the network's side: the stack's notification. Grant of the stack: the network's.
pub const FIRST_PEER: u64 = 1;
/// Grant of the stack: the application's notification.
pub const SECOND_PEER: u64 = 2;
/// Grant of the stack and of the application: the endpoint of the synchronous version.
pub const ENDPOINT: u64 = 3;

/// Grant of the stack: the interrupt of its alarm.
pub const ALARM: u64 = 4;

/// Grant of the driver: the interrupt of its card.
pub const CARD: u64 = 2;

/// The number of the sender page for the peer with grant `peer`.
#[must_use]
pub const fn page(peer: u64) -> u64 {
    peer - FIRST_PEER
}

/// The identity of badge bit 0: it says that a ring was written to, whoever wrote.
const IDENTITY: Identity = match Identity::new(1) {
    Some(identity) => identity,
    None => panic!("1 is an identity"),
};

/// What wakes the peer with grant `peer`.
#[must_use]
pub fn sender(ipc: Ipc, peer: u64) -> Sender {
    match delivery(ipc) {
        Delivery::InterruptFile => {
            Sender::Page(SenderPage::new(page(peer), IDENTITY).expect("there is room for two sender pages"))
        }
        Delivery::Kernel => Sender::Kernel(Notification(process::granted(peer))),
    }
}

/// What wakes the network's side: a driver is part of the server; a generator is none of it, so the kernel wakes it in all versions.
#[must_use]
pub fn network(told: &Told) -> Sender {
    match told.work {
        Work::Serve { .. } => sender(told.ipc, FIRST_PEER),
        Work::Load { .. } | Work::Churn { .. } => Sender::Kernel(Notification(process::granted(FIRST_PEER))),
    }
}

/// What wakes this process.
#[must_use]
pub fn receiver(ipc: Ipc) -> Receiver {
    Receiver::new(Notification(process::granted(OWN)), delivery(ipc))
}

/// How notifications arrive.
#[must_use]
pub const fn delivery(ipc: Ipc) -> Delivery {
    match ipc {
        Ipc::AsyncOverInterrupts => Delivery::InterruptFile,
        Ipc::Sync | Ipc::AsyncOverKernel => Delivery::Kernel,
    }
}
