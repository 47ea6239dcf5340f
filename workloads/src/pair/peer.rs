//! How the two processes wake each other.

use rel4_runtime::cap::Notification;
use rel4_runtime::interrupt::Identity;
use rel4_runtime::process;
use rel4_runtime::uintr::{Delivery, Receiver, Sender, SenderPage};

use super::Backend;

/// The peer's sender page in each of the two.
pub(super) const PAGE: u64 = match SenderPage::address(0) {
    Some(address) => address,
    None => panic!("there is room for one sender page"),
};

/// The identity of badge bit 0.
const IDENTITY: Identity = match Identity::new(1) {
    Some(identity) => identity,
    None => panic!("1 is an identity"),
};

/// What wakes the peer.
pub(crate) fn sender(backend: Backend) -> Sender {
    match backend {
        Backend::UserInterrupts => Sender::Page(SenderPage::new(0, IDENTITY).expect("see `PAGE`")),
        Backend::KernelNotifications => Sender::Kernel(Notification(process::granted(1))),
    }
}

/// What wakes the peer and makes its first coroutine ready, where interrupt files hold those that are ready.
pub(crate) fn sender_to_first_task() -> Sender {
    let identity = Identity::of_slot(0).expect("the first slot has an identity");
    Sender::Page(SenderPage::new(0, identity).expect("see `PAGE`"))
}

/// What wakes this process.
pub(crate) fn receiver(backend: Backend) -> Receiver {
    let delivery = match backend {
        Backend::UserInterrupts => Delivery::InterruptFile,
        Backend::KernelNotifications => Delivery::Kernel,
    };
    Receiver::new(Notification(process::granted(0)), delivery)
}
