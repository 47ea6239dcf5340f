//! How the two processes wake each other, and how each sees what woke it.
#![allow(unsafe_code, reason = "stores to the sender page and reads the thread's own interrupt registers")]

use core::arch::{asm, global_asm};
use core::sync::atomic::{Ordering, fence};

use rel4_runtime::cap::Notification;
use rel4_runtime::interrupt::{Identity, Interrupts, Notify};
use rel4_runtime::process;
use rel4_runtime::vaddr;

/// The identity of the badge bit 0.
const IDENTITY: u32 = 1;

// Interrupts stay masked, so nothing ever comes here.
global_asm!(".balign 4", "ipc_async_interrupt:", "unimp");

unsafe extern "C" {
    fn ipc_async_interrupt();
}

/// Where a receiver takes its interrupts.
pub(super) fn interrupt_entry() -> u64 {
    ipc_async_interrupt as *const () as u64
}

/// Wakes the peer by a store to its interrupt file.
#[derive(Debug)]
pub(super) struct Store;

impl Notify for Store {
    #[inline(always)]
    fn notify(&self) {
        fence(Ordering::SeqCst);
        let register: *mut u32 = core::ptr::with_exposed_provenance_mut(vaddr::SENDER_PAGES as usize);
        // SAFETY: the root task has mapped the peer's sender page there.
        unsafe { register.write_volatile(IDENTITY) };
    }
}

/// Wakes the peer by way of the kernel.
#[derive(Debug)]
pub(super) struct Signal(pub(super) Notification);

impl Signal {
    pub(super) const fn peer() -> Self {
        Self(Notification(process::granted(1)))
    }
}

impl Notify for Signal {
    #[inline(always)]
    fn notify(&self) {
        self.0.signal();
    }
}

/// The thread's own notification.
const fn own() -> Notification {
    Notification(process::granted(0))
}

/// The thread's interrupt file.
#[derive(Debug)]
pub(super) struct File;

impl Interrupts for File {
    #[inline(always)]
    fn claim(&self) -> Option<Identity> {
        let top: u64;
        // SAFETY: the thread's own interrupt file.
        unsafe { asm!("csrrw {}, 0x15c, zero", out(reg) top, options(nomem, nostack)) };
        Identity::new(top >> 16)
    }

    fn wait(&self) -> u64 {
        own().wait()
    }

    fn poll(&self) -> u64 {
        own().poll()
    }
}

/// No interrupt file: everything comes through the kernel.
#[derive(Debug)]
pub(super) struct Kernel;

impl Interrupts for Kernel {
    #[inline(always)]
    fn claim(&self) -> Option<Identity> {
        None
    }

    fn wait(&self) -> u64 {
        own().wait()
    }

    fn poll(&self) -> u64 {
        own().poll()
    }
}
