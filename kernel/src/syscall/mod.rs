//! System calls: from the trap to the operation.
//!
//! [`handle`] reads the number and dispatches; [`invocation`] carries out Send, NBSend and Call on whatever capability they name,
//! [`receive`] Recv and NBRecv, `invoke` holds one file per object with its operations.

#[cfg(feature = "benchmark")]
mod benchmark;
#[cfg(feature = "debug")]
mod debug;
pub mod invocation;
mod invoke;
mod receive;
#[cfg(feature = "async-syscall")]
pub mod request;

use rel4_abi::Syscall;

use crate::fault::{self, Fault};
use crate::ipc::reply;
use crate::kernel::Kernel;
use crate::object::endpoint::{ReceiveKind, SendKind};
use crate::sched;

/// Carries out the system call that the current thread's registers ask for.
pub fn handle(k: &Kernel) {
    let thread = k.current();
    let number = thread.context.syscall_number();
    match Syscall::decode(number as i64) {
        Some(Syscall::Call) => invocation::handle(k, SendKind::Call),
        Some(Syscall::ReplyRecv) => {
            reply::reply_to_caller(k, thread);
            receive::handle(k, ReceiveKind::Blocking);
        }
        Some(Syscall::Send) => invocation::handle(k, SendKind::Blocking),
        Some(Syscall::NBSend) => invocation::handle(k, SendKind::NonBlocking),
        Some(Syscall::Recv) => receive::handle(k, ReceiveKind::Blocking),
        Some(Syscall::Reply) => reply::reply_to_caller(k, thread),
        Some(Syscall::Yield) => sched::yield_current(k),
        Some(Syscall::NBRecv) => receive::handle(k, ReceiveKind::NonBlocking),
        None => unknown(k, number),
    }
}

/// A number that is none of the API's: some kernels have further system calls.
fn unknown(k: &Kernel, number: u64) {
    #[cfg(feature = "debug")]
    if debug::handle(k, number) {
        return;
    }
    #[cfg(feature = "benchmark")]
    if benchmark::handle(k, number) {
        return;
    }
    fault::raise(k, k.current(), Fault::UnknownSyscall { number });
}
