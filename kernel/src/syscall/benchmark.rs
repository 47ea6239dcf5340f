//! Benchmark system calls: what the kernel measures of itself, asked for by user space.

use rel4_abi::BenchmarkSyscall;
use rel4_abi::error::{Error, NO_ERROR};
use rel4_abi::user_context::Register;

use crate::benchmark::{self, log, utilisation};
use crate::cap::{Cap, lookup};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::ipc_buffer::Access;
use crate::object::{BufferRef, Tcb};

/// Carries out benchmark system call `number`; returns whether there is one.
pub(super) fn handle(k: &Kernel, number: u64) -> bool {
    let context = &k.current().context;
    match BenchmarkSyscall::decode(number as i64) {
        // RISC-V has no instruction that flushes caches as a whole.
        Some(BenchmarkSyscall::FlushCaches | BenchmarkSyscall::NullSyscall) => {}
        Some(BenchmarkSyscall::ResetLog) => {
            benchmark::reset(k);
            context.set(Register::A0, NO_ERROR);
        }
        Some(BenchmarkSyscall::FinalizeLog) => context.set(Register::A0, benchmark::finish(k)),
        Some(BenchmarkSyscall::SetLogBuffer) => context.set(Register::A0, set_log_buffer(k)),
        Some(BenchmarkSyscall::GetThreadUtilisation) => tell_utilisation(k),
        Some(BenchmarkSyscall::ResetThreadUtilisation) => {
            if let Some(thread) = named_thread(k) {
                thread.utilisation.reset();
            }
        }
        #[cfg(feature = "debug")]
        Some(BenchmarkSyscall::DumpAllThreadsUtilisation) => utilisation::print_all(k),
        #[cfg(feature = "debug")]
        Some(BenchmarkSyscall::ResetAllThreadsUtilisation) => utilisation::reset_all(k),
        _ => return false,
    }
    true
}

/// Returns the error code.
fn set_log_buffer(k: &Kernel) -> u64 {
    let thread = k.current();
    // As in seL4, one error for everything.
    match lookup::slot_of_thread(thread, thread.context.cptr()) {
        Ok(slot) if log::set_frame(k, slot).is_ok() => NO_ERROR,
        _ => Error::IllegalOperation.label(),
    }
}

/// The thread whose capability the caller names, if it is one.
fn named_thread(k: &Kernel) -> Option<Obj<Tcb>> {
    let caller = k.current();
    match lookup::slot_of_thread(caller, caller.context.cptr()).ok()?.cap() {
        Cap::Thread(thread) => Some(thread),
        _ => None,
    }
}

/// Writes what the named thread has used into the caller's IPC buffer, if there are both.
fn tell_utilisation(k: &Kernel) {
    let buffer = BufferRef::of_thread(k.current(), Access::Receive);
    if let (Some(thread), Some(buffer)) = (named_thread(k), buffer) {
        for (index, word) in utilisation::words(k, thread).into_iter().enumerate() {
            buffer.set_stored_word(index, word);
        }
    }
}
