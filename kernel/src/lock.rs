//! The big lock: one hart at a time is in the kernel.
//!
//! First come, first served. A kernel for one hart has the lock too, but every operation on it vanishes.

use core::sync::atomic::{AtomicU32, Ordering};

use crate::config::MAX_HARTS;

/// A ticket lock.
pub struct BigLock {
    next_ticket: AtomicU32,
    now_serving: AtomicU32,
}

impl BigLock {
    /// A free lock.
    pub const fn new() -> Self {
        Self { next_ticket: AtomicU32::new(0), now_serving: AtomicU32::new(0) }
    }

    /// Waits for the lock; calls `meanwhile` while it does. The holder may be waiting for what that does.
    #[inline(always)]
    pub fn acquire(&self, mut meanwhile: impl FnMut()) {
        if MAX_HARTS == 1 {
            return;
        }
        let ticket = self.next_ticket.fetch_add(1, Ordering::Relaxed);
        while self.now_serving.load(Ordering::Acquire) != ticket {
            meanwhile();
            core::hint::spin_loop();
        }
    }

    /// Whether another hart waits. Only the holder may ask.
    #[cfg(feature = "async-syscall")]
    #[inline(always)]
    pub fn is_contended(&self) -> bool {
        let next = self.now_serving.load(Ordering::Relaxed).wrapping_add(1);
        MAX_HARTS > 1 && self.next_ticket.load(Ordering::Relaxed) != next
    }

    /// Gives the lock to the hart that has waited longest. Only its holder may call this.
    #[inline(always)]
    pub fn release(&self) {
        if MAX_HARTS == 1 {
            return;
        }
        let next = self.now_serving.load(Ordering::Relaxed).wrapping_add(1);
        self.now_serving.store(next, Ordering::Release);
    }
}

impl Default for BigLock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    #[test]
    fn tickets_are_served_in_order_and_one_at_a_time() {
        let lock = Arc::new(BigLock::new());
        let inside = Arc::new(AtomicU32::new(0));
        let threads = [(); 4].map(|()| {
            let (lock, inside) = (lock.clone(), inside.clone());
            thread::spawn(move || {
                for _ in 0..1000 {
                    lock.acquire(thread::yield_now);
                    // With one hart there is nothing to exclude.
                    if MAX_HARTS > 1 {
                        assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0);
                        inside.fetch_sub(1, Ordering::Relaxed);
                    }
                    lock.release();
                }
            })
        });
        for thread in threads {
            thread.join().unwrap();
        }
    }
}
