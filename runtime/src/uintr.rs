//! Notifications as the async runtime uses them: through interrupt files where the kernel has them, else through the kernel.
//!
//! To set a receiver up, bind a notification to its thread and [`register`]; the thread then makes a [`Receiver`]. To set a
//! sender up, map a sender page, with [`VSpace::register_sender`](crate::cap::VSpace::register_sender), at
//! [`SenderPage::address`] in its address space, or give it a capability to the notification with the Write right.
//!
//! Whoever has a sender page can raise any identity of the file, so what arrives is a hint and no proof of who sent it. A sender
//! that must not be able to pass for another gets the kernel's notification, or a receiver with a file of its own.

#![allow(unsafe_code, reason = "stores to sender pages")]

use core::cell::Cell;

use rel4_abi::InvocationError;
use rel4_abi::object::PAGE_BITS;

use crate::arch;
use crate::cap::{Notification, Tcb};
use crate::error::Error;
use crate::interrupt::{Identity, Interrupts, Notify};
use crate::vaddr;

/// How a thread's notifications arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Through its interrupt file, without the kernel.
    InterruptFile,
    /// Through the kernel.
    Kernel,
}

/// Gives the thread `tcb`, to which `notification` is bound, an interrupt file. Without a free one, or a kernel that has any,
/// notifications take the way through the kernel.
///
/// # Errors
///
/// The kernel's, apart from those two.
pub fn register(tcb: Tcb, notification: Notification) -> Result<Delivery, Error> {
    match tcb.register_receiver(notification, arch::interrupt_entry()) {
        Ok(()) => Ok(Delivery::InterruptFile),
        Err(Error::Refused(InvocationError::NotEnoughMemory { .. } | InvocationError::IllegalOperation)) => {
            Ok(Delivery::Kernel)
        }
        Err(error) => Err(error),
    }
}

/// The notifications of the calling thread, which takes them with interrupts masked.
#[derive(Debug)]
pub struct Receiver {
    notification: Notification,
    delivery: Delivery,
    waits: Cell<u64>,
}

impl Receiver {
    /// Receives what arrives for `notification`, by the way that [`register`] found for the calling thread.
    #[must_use]
    pub fn new(notification: Notification, delivery: Delivery) -> Self {
        if delivery == Delivery::InterruptFile {
            arch::enable_queue_identities();
        }
        Self { notification, delivery, waits: Cell::new(0) }
    }

    /// The way they arrive.
    #[must_use]
    pub const fn delivery(&self) -> Delivery {
        self.delivery
    }

    /// Times the thread waited in the kernel.
    #[must_use]
    pub const fn waits(&self) -> u64 {
        self.waits.get()
    }
}

impl Interrupts for Receiver {
    #[inline(always)]
    fn claim(&self) -> Option<Identity> {
        match self.delivery {
            Delivery::InterruptFile => Identity::new(arch::claim_identity()),
            Delivery::Kernel => None,
        }
    }

    fn wait(&self) -> u64 {
        self.waits.set(self.waits.get() + 1);
        self.notification.wait()
    }

    fn poll(&self) -> u64 {
        match self.delivery {
            Delivery::InterruptFile => arch::take_notification_word(),
            Delivery::Kernel => self.notification.poll(),
        }
    }
}

/// A sender page in this process, and the identity to raise through it.
#[derive(Clone, Copy, Debug)]
pub struct SenderPage {
    address: u64,
    identity: Identity,
}

impl SenderPage {
    /// Number of sender pages that a process has room for.
    pub const COUNT: u64 = (vaddr::THREADS - vaddr::SENDER_PAGES) >> PAGE_BITS;

    /// Where sender page number `index` of a process belongs; `None` if there is no room for so many.
    #[must_use]
    pub const fn address(index: u64) -> Option<u64> {
        if index < Self::COUNT { Some(vaddr::SENDER_PAGES + (index << PAGE_BITS)) } else { None }
    }

    /// Sender page number `index` of this process. Notifying faults if nothing was mapped there.
    #[must_use]
    pub const fn new(index: u64, identity: Identity) -> Option<Self> {
        match Self::address(index) {
            Some(address) => Some(Self { address, identity }),
            None => None,
        }
    }
}

impl Notify for SenderPage {
    #[inline(always)]
    fn notify(&self) {
        // SAFETY: the address comes from `SenderPage::address`: only sender pages are mapped there.
        unsafe { arch::raise_identity(self.address, self.identity.number()) };
    }
}

/// A peer, notified by the way that is open to it.
#[derive(Clone, Copy, Debug)]
pub enum Sender {
    /// Through its interrupt file.
    Page(SenderPage),
    /// Through the kernel.
    Kernel(Notification),
}

impl Notify for Sender {
    #[inline(always)]
    fn notify(&self) {
        match self {
            Self::Page(page) => page.notify(),
            Self::Kernel(notification) => notification.signal(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rel4_abi::{CPtr, UintrInvocation};

    use super::*;
    use crate::arch::scripted;

    const TCB: Tcb = Tcb(CPtr(5));
    const NOTIFICATION: Notification = Notification(CPtr(6));

    fn answered(answer: Result<(), InvocationError>) -> Result<Delivery, Error> {
        scripted::install(move |_| answer.map(|()| Vec::new()));
        register(TCB, NOTIFICATION)
    }

    #[test]
    fn without_interrupt_files_notifications_go_through_the_kernel() {
        assert_eq!(answered(Ok(())), Ok(Delivery::InterruptFile));
        assert_eq!(
            answered(Err(InvocationError::NotEnoughMemory { bytes_free: 0 })),
            Ok(Delivery::Kernel),
            "no free file"
        );
        assert_eq!(answered(Err(InvocationError::IllegalOperation)), Ok(Delivery::Kernel), "no such kernel");
        assert_eq!(
            answered(Err(InvocationError::AlignmentError)),
            Err(Error::Refused(InvocationError::AlignmentError))
        );
        assert_eq!(UintrInvocation::RegisterReceiver.label(), 0x1000);
    }

    #[test]
    fn sender_pages_end_where_threads_begin() {
        let last = SenderPage::address(SenderPage::COUNT - 1).expect("has room");
        assert_eq!(last + (1 << PAGE_BITS), vaddr::THREADS);
        assert_eq!(SenderPage::address(SenderPage::COUNT), None);
    }
}
