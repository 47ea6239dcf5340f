//! Notifications: a word of badge bits.

use rel4_abi::CPtr;

use crate::arch;
use crate::ipc::{Registers, tag};

/// A capability to a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notification(pub CPtr);

impl Notification {
    /// Sets the bits of the capability's badge and wakes a waiter.
    #[inline(always)]
    pub fn signal(self) {
        arch::send(self.0, tag::<0>(0), Registers::new([]));
    }

    /// Waits until there is a signal, and takes all bits.
    #[inline(always)]
    #[must_use]
    pub fn wait(self) -> u64 {
        arch::recv(self.0).badge
    }

    /// Takes all bits; 0 if there was no signal.
    #[inline(always)]
    #[must_use]
    pub fn poll(self) -> u64 {
        arch::nb_recv(self.0).badge
    }
}
