//! One kernel entry, from the cause of the trap to the thread that runs next.

use rel4_abi::fault::FaultStatus;

use crate::arch;
use crate::fault::{self, Fault};
use crate::irq;
use crate::kernel::Kernel;
use crate::sched;
use crate::syscall;

/// Why user code stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// It made a system call.
    Syscall,
    /// An interrupt is pending.
    Interrupt,
    /// It touched memory that it may not.
    MemoryFault {
        /// The address.
        address: u64,
        /// The kind of access.
        status: FaultStatus,
    },
    /// It did something else that it may not; the architecture's number for it.
    Exception(u64),
}

/// Handles the trap of the current thread. Afterwards the current thread, possibly another one, is ready for its return to user
/// space, or it is the idle thread.
#[inline]
pub fn handle(k: &Kernel, cause: Cause) {
    #[cfg(feature = "async-syscall")]
    if crate::async_syscall::serve_current(k) == crate::async_syscall::Trap::Ends {
        return finish(k);
    }
    match cause {
        Cause::Syscall => syscall::handle(k),
        Cause::Interrupt => irq::handle(k),
        Cause::MemoryFault { address, status } => {
            fault::raise(k, k.current(), Fault::Vm { address, status });
        }
        Cause::Exception(number) => {
            if !arch::handle_exception(k, number) {
                fault::raise(k, k.current(), Fault::UserException { number });
            }
        }
    }
    finish(k);
}

#[inline(always)]
fn finish(k: &Kernel) {
    sched::schedule(k);
    sched::activate(k);
    #[cfg(feature = "async-syscall")]
    crate::async_syscall::follow(k);
}
