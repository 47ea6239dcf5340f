//! The interrupt of a file whose owner waits for it.

use core::num::NonZero;

use rel4_markers::Cause;

use crate::arch;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::{Notification, Tcb, ThreadState};
use crate::sched;
use crate::uintr;

/// A thread to be woken.
#[derive(Clone, Copy)]
pub struct Wake {
    owner: Obj<Tcb>,
    /// Where it waits, alone.
    notification: Obj<Notification>,
}

/// Looks, without changing anything, whom the interrupt of interrupt files is for. `None` unless it is for one thread that waits at its
/// notification, and whether that or the current one goes on is all there is to decide.
#[inline(always)]
pub fn find(k: &Kernel) -> Option<Wake> {
    // As for system calls: the requests of the thread come first.
    #[cfg(feature = "async-syscall")]
    if crate::async_syscall::has_requests(k.current()) {
        return None;
    }
    let file = NonZero::new(u8::try_from(arch::armed_and_pending_files()).ok()?)?;
    if !file.is_power_of_two() {
        return None;
    }
    let owner = uintr::owner(k, number(file))?;
    let ThreadState::BlockedOnNotification(notification) = owner.state() else { return None };
    let applies = owner.bound_notification() == Some(notification) && sched::can_admit(k, owner);
    applies.then_some(Wake { owner, notification })
}

impl Wake {
    /// Whether the thread runs next.
    #[inline(always)]
    pub fn preempts(self, k: &Kernel) -> bool {
        self.owner.priority.get() > k.current().priority.get()
    }

    /// Runs the thread in place of the current one, whose program counters are set. Returns it.
    #[inline(always)]
    pub fn run(self, k: &Kernel) -> Obj<Tcb> {
        self.end_wait();
        sched::preempt(k, self.owner);
        // It runs, so its file is selected, and no longer armed.
        self.deliver(arch::take_selected_word(self.owner.mode_state.file()));
        #[cfg(feature = "async-syscall")]
        crate::async_syscall::follow(k);
        self.owner
    }

    /// Makes the thread ready. Returns the current one, which goes on.
    #[inline(always)]
    pub fn enqueue(self, k: &Kernel) -> Obj<Tcb> {
        self.end_wait();
        let file = self.owner.mode_state.file();
        arch::disarm_file(file);
        self.deliver(arch::take_file_word(file));
        sched::admit(k, self.owner);
        #[cfg(feature = "async-syscall")]
        crate::async_syscall::follow(k);
        k.current()
    }

    #[inline(always)]
    fn end_wait(self) {
        rel4_markers::cause::<{ Cause::InterruptFile.index() }>();
        self.notification.remove_only_waiter(self.owner);
        self.owner.set_state_only(ThreadState::Running);
    }

    #[inline(always)]
    fn deliver(self, word: u64) {
        self.owner.context.set_badge(word >> 1);
    }
}

/// The number of the only file whose bit is set. The instruction set of the kernel's targets has no instruction for it, and the compiler's
/// replacement multiplies, and looks into a table.
#[inline(always)]
fn number(file: NonZero<u8>) -> usize {
    let any = |mask: u8| usize::from(file.get() & mask != 0);
    any(0b1111_0000) << 2 | any(0b1100_1100) << 1 | any(0b1010_1010)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_single_bit_has_its_number() {
        for bit in 0..u8::BITS {
            assert_eq!(number(NonZero::new(1 << bit).unwrap()), bit as usize);
        }
    }
}
