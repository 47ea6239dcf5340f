//! What the benchmark system calls measure: each kernel entry ([`log`]), and whose time it is ([`utilisation`]).
//!
//! The entry code calls [`entered`] first and [`left`] last; between them [`switched`] tells of every change of the current thread. A hart
//! that idles counts as having left.

pub mod log;
pub mod utilisation;

use core::cell::Cell;

use rel4_abi::Syscall;
use rel4_abi::benchmark::{EntryPath, KernelEntry};

use crate::arch;
use crate::cap::{Cap, lookup};
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::Tcb;
use crate::trap::Cause;

/// What a hart remembers of its measurements.
pub struct HartState {
    /// When it entered the kernel last.
    entered: Cell<u64>,
    /// What for.
    entry: Cell<KernelEntry>,
    totals: utilisation::Totals,
}

impl HartState {
    /// Nothing is measured.
    pub const fn new() -> Self {
        Self { entered: Cell::new(0), entry: Cell::new(KernelEntry(0)), totals: utilisation::Totals::none() }
    }
}

impl Default for HartState {
    fn default() -> Self {
        Self::new()
    }
}

/// This hart has entered the kernel, and has it for itself.
pub fn entered(k: &Kernel, cause: Cause) {
    let state = &k.hart().benchmark;
    state.entered.set(arch::cycles());
    if log::is_on(k) {
        state.entry.set(describe(k, cause));
    }
}

/// The fastpath has carried out the system call.
pub fn took_fastpath(k: &Kernel) {
    let entry = &k.hart().benchmark.entry;
    entry.set(entry.get().on_fastpath());
}

/// Another thread, or the idle thread, has become current on this hart.
#[inline(always)]
pub fn switched(k: &Kernel, from: Obj<Tcb>, to: Obj<Tcb>) {
    let HartState { entered, totals, .. } = &k.hart().benchmark;
    totals.switch(from, to, entered.get());
}

/// Another hart has stopped what ran on this one, which has not entered the kernel by itself.
pub fn stopped(k: &Kernel, thread: Obj<Tcb>) {
    k.hart().benchmark.entered.set(arch::cycles());
    switched(k, thread, k.hart().idle());
}

/// This hart is about to leave the kernel.
pub fn left(k: &Kernel) {
    let HartState { entered, entry, totals } = &k.hart().benchmark;
    let start = entered.get();
    let duration = arch::cycles().saturating_sub(start);
    totals.charge(k.current(), duration);
    log::append(k, start, duration, entry.get());
}

/// Begins to measure.
pub fn reset(k: &Kernel) {
    let HartState { entered, totals, .. } = &k.hart().benchmark;
    log::reset(k);
    k.hart().idle().utilisation.reset();
    totals.begin(k.current(), entered.get());
}

/// Stops measuring whose time it is on this hart. Returns the number of kernel entries in the log.
pub fn finish(k: &Kernel) -> u64 {
    let HartState { entered, totals, .. } = &k.hart().benchmark;
    totals.end(k.current(), entered.get());
    log::length(k)
}

fn describe(k: &Kernel, cause: Cause) -> KernelEntry {
    let hart = arch::hart_index();
    match cause {
        Cause::Interrupt => KernelEntry::new(EntryPath::Interrupt, hart, 0),
        Cause::MemoryFault { status, .. } => KernelEntry::new(EntryPath::VmFault, hart, status as u64),
        Cause::Exception(number) => KernelEntry::new(EntryPath::UserException, hart, number),
        Cause::Syscall => {
            let thread = k.current();
            let number = thread.context.syscall_number() as i64;
            if Syscall::decode(number).is_none() {
                return KernelEntry::new(EntryPath::UnknownSyscall, hart, number as u64);
            }
            let named = lookup::slot_of_thread(thread, thread.context.cptr());
            let cap_type = named.map_or(Cap::Null, |slot| slot.cap()).type_number();
            KernelEntry::syscall(number, cap_type, thread.context.message_info().label())
        }
    }
}
