//! Semaphores and conditions.

use core::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use rel4_abi::CPtr;
use rel4_runtime::cap::{Endpoint, Notification};

/// A semaphore of 0 or 1, which is whether the notification has a signal.
#[derive(Clone, Copy)]
pub(super) struct BinarySemaphore(Notification);

impl BinarySemaphore {
    /// The one that is the notification at `cptr`. A new one is 0.
    pub(super) const fn at(cptr: CPtr) -> Self {
        Self(Notification(cptr))
    }

    pub(super) fn wait(self) {
        // Signals without a badge are all there are.
        let _badge = self.0.wait();
    }

    pub(super) fn post(self) {
        self.0.signal();
    }
}

/// A semaphore that counts, with an endpoint where threads wait.
pub(super) struct CountingSemaphore {
    /// What is left; below 0, how many threads wait or are about to.
    value: AtomicI64,
}

impl CountingSemaphore {
    pub(super) const fn new(value: i64) -> Self {
        Self { value: AtomicI64::new(value) }
    }

    pub(super) fn wait(&self, endpoint: CPtr) {
        if self.value.fetch_sub(1, Ordering::Acquire) <= 0 {
            let _wake_up = Endpoint(endpoint).recv();
        }
    }

    pub(super) fn post(&self, endpoint: CPtr) {
        if self.value.fetch_add(1, Ordering::Release) < 0 {
            // It waits for a thread that has counted itself but does not wait yet.
            Endpoint(endpoint).send(0, []);
        }
    }
}

/// A condition of a monitor, whose lock is a binary semaphore. The caller has the lock.
pub(super) struct Condition {
    waiters: AtomicU64,
    /// Who wakes up wakes the next one.
    is_broadcasting: AtomicBool,
}

impl Condition {
    pub(super) const fn new() -> Self {
        Self { waiters: AtomicU64::new(0), is_broadcasting: AtomicBool::new(false) }
    }

    /// Lets go of the lock, waits at the notification, and takes the lock again.
    pub(super) fn wait(&self, lock: BinarySemaphore, notification: CPtr) {
        self.waiters.fetch_add(1, Ordering::Relaxed);
        lock.post();
        let _badge = Notification(notification).wait();
        if self.is_broadcasting.load(Ordering::Relaxed) && !self.wake_one(notification) {
            self.is_broadcasting.store(false, Ordering::Relaxed);
        }
        lock.wait();
    }

    /// Wakes one who waits, if there is one.
    pub(super) fn signal(&self, notification: CPtr) {
        self.wake_one(notification);
    }

    /// Wakes all who wait.
    pub(super) fn broadcast(&self, notification: CPtr) {
        let woke = self.wake_one(notification);
        self.is_broadcasting.store(woke, Ordering::Relaxed);
    }

    /// Whether there was one.
    fn wake_one(&self, notification: CPtr) -> bool {
        let take = |waiters: u64| waiters.checked_sub(1);
        let woke = self.waiters.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok();
        if woke {
            Notification(notification).signal();
        }
        woke
    }
}
