//! What one hart asks of the others: forget translations, stop running a thread, open or silence an interrupt file.
//!
//! The asking hart holds the big lock and waits until all the others have done it. They do it while they wait for the lock: an
//! interrupt brings a hart that runs user code there, and one that idles. So a request finds every other hart inside the kernel with its
//! thread's registers saved, and the two never wait for each other.

#[cfg(feature = "async-syscall")]
use core::cell::Cell;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::arch;
use crate::config::MAX_HARTS;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::Tcb;
use crate::sched::Action;
use crate::vm::Asid;

/// A request to the other harts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request {
    /// Forget the translation of one page.
    FlushPage {
        /// Its address.
        vaddr: u64,
        /// Its address space.
        asid: Asid,
    },
    /// Forget all translations of an address space.
    FlushAsid(Asid),
    /// Forget all translations.
    FlushAll,
    /// Look up the current thread's address space again: it may have gone.
    ActivateSpace,
    /// Stop running a thread, so that its registers are all in memory.
    Stop,
    /// Empty an interrupt file and let its owner be interrupted.
    #[cfg(feature = "uintr")]
    OpenFile(usize),
    /// Silence and empty an interrupt file, and say what was pending in it.
    #[cfg(feature = "uintr")]
    CloseFile(usize),
}

impl Request {
    fn encode(self) -> (u64, u64) {
        match self {
            Self::FlushPage { vaddr, asid } => (u64::from(asid.0) << 8, vaddr),
            Self::FlushAsid(asid) => (u64::from(asid.0) << 8 | 1, 0),
            Self::FlushAll => (6, 0),
            Self::ActivateSpace => (2, 0),
            Self::Stop => (3, 0),
            #[cfg(feature = "uintr")]
            Self::OpenFile(file) => (4, file as u64),
            #[cfg(feature = "uintr")]
            Self::CloseFile(file) => (5, file as u64),
        }
    }

    fn decode((kind, argument): (u64, u64)) -> Self {
        let asid = Asid((kind >> 8) as u16);
        match kind & 0xff {
            0 => Self::FlushPage { vaddr: argument, asid },
            #[cfg(feature = "uintr")]
            4 => Self::OpenFile(argument as usize),
            #[cfg(feature = "uintr")]
            5 => Self::CloseFile(argument as usize),
            1 => Self::FlushAsid(asid),
            6 => Self::FlushAll,
            2 => Self::ActivateSpace,
            _ => Self::Stop,
        }
    }
}

/// The request under way. There is at most one, since only the holder of the big lock makes one.
pub struct Mailbox {
    request: [AtomicU64; 2],
    /// Pages that the other harts have yet to forget.
    #[cfg(feature = "async-syscall")]
    deferred: Cell<Deferred>,
    /// What the hart that was asked has found out, where that is asked of one only.
    #[cfg(feature = "uintr")]
    answer: AtomicU64,
    open: [AtomicBool; MAX_HARTS],
}

impl Mailbox {
    /// Nothing is asked.
    pub const fn new() -> Self {
        Self {
            request: [const { AtomicU64::new(0) }; 2],
            #[cfg(feature = "async-syscall")]
            deferred: Cell::new(Deferred::No),
            #[cfg(feature = "uintr")]
            answer: AtomicU64::new(0),
            open: [const { AtomicBool::new(false) }; MAX_HARTS],
        }
    }
}

impl Default for Mailbox {
    fn default() -> Self {
        Self::new()
    }
}

/// Asks the harts that `of` selects, other than this one, and waits until they have done it.
fn ask(k: &Kernel, request: Request, of: impl Fn(usize) -> bool) {
    if MAX_HARTS == 1 {
        return;
    }
    let (kind, argument) = request.encode();
    k.mailbox.request[0].store(kind, Ordering::Relaxed);
    k.mailbox.request[1].store(argument, Ordering::Relaxed);
    // Decided once: what a hart does for the request can change the answer before it says that it is done.
    let asked: [bool; MAX_HARTS] = core::array::from_fn(|hart| hart != arch::hart_index() && of(hart));
    let asked = |hart: &usize| asked[*hart];
    for hart in (0..MAX_HARTS).filter(asked) {
        k.mailbox.open[hart].store(true, Ordering::Release);
        arch::send_ipi(k, hart);
    }
    for hart in (0..MAX_HARTS).filter(asked) {
        while k.mailbox.open[hart].load(Ordering::Acquire) {
            core::hint::spin_loop();
        }
    }
}

/// Asks those of the other harts that may translate through an address space.
#[cfg_attr(not(feature = "smp"), expect(unused_variables, reason = "there are no other harts"))]
fn ask_of_space(k: &Kernel, asid: Asid, request: Request) {
    #[cfg(feature = "smp")]
    ask(k, request, |hart| k.harts()[hart].seen.may_contain(asid));
}

/// Does what another hart asks of this one. Called while waiting for the big lock, whose holder waits for this.
#[inline]
pub fn serve(k: &Kernel) {
    let open = &k.mailbox.open[arch::hart_index()];
    if !open.load(Ordering::Acquire) {
        return;
    }
    let words = k.mailbox.request.each_ref().map(|word| word.load(Ordering::Relaxed));
    match Request::decode(words.into()) {
        Request::FlushPage { vaddr, asid } => arch::flush_page(vaddr, asid),
        Request::FlushAsid(asid) => arch::flush_asid(asid),
        Request::FlushAll => arch::flush_all(),
        Request::ActivateSpace => crate::vm::space::activate(k, k.current()),
        Request::Stop => stop_current(k),
        #[cfg(feature = "uintr")]
        Request::OpenFile(file) => arch::open_file(file),
        #[cfg(feature = "uintr")]
        Request::CloseFile(file) => k.mailbox.answer.store(arch::close_file(file), Ordering::Relaxed),
    }
    open.store(false, Ordering::Release);
}

/// Puts the current thread back among the ready ones, with all its registers in memory; the hart idles until it schedules.
fn stop_current(k: &Kernel) {
    let hart = k.hart();
    let thread = hart.current.replace(hart.idle());
    if thread != hart.idle() {
        #[cfg(feature = "benchmark")]
        crate::benchmark::stopped(k, thread);
        arch::thread_switched(k, thread, hart.idle());
        if thread.is_runnable() {
            hart.ready.push_front(thread);
        }
    }
    // Also where the hart idles: it may hold registers of a thread that is blocked.
    arch::save_fpu(k);
    hart.action.set(Action::Choose);
}

/// Whether the other harts are asked to forget pages now, or later all at once.
#[cfg(feature = "async-syscall")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Deferred {
    /// Now.
    No,
    /// Later, and so far there are none.
    Nothing,
    /// Later: one page.
    Page(u64, Asid),
    /// Later: several of one address space.
    Space(Asid),
}

/// From now on the other harts are asked to forget pages only by [`finish_flushes`]. Until then nothing may count on it that they have.
#[cfg(feature = "async-syscall")]
pub fn defer_flushes(k: &Kernel) {
    if MAX_HARTS > 1 {
        k.mailbox.deferred.set(Deferred::Nothing);
    }
}

/// Asks the other harts to forget the pages that were deferred; from now on they are asked at once again.
#[cfg(feature = "async-syscall")]
pub fn finish_flushes(k: &Kernel) {
    if MAX_HARTS == 1 {
        return;
    }
    match k.mailbox.deferred.replace(Deferred::No) {
        Deferred::No | Deferred::Nothing => {}
        Deferred::Page(vaddr, asid) => ask_of_space(k, asid, Request::FlushPage { vaddr, asid }),
        Deferred::Space(asid) => ask_of_space(k, asid, Request::FlushAsid(asid)),
    }
}

/// Defers that the other harts forget a page, if that is being done and pages of no other address space wait.
#[cfg(feature = "async-syscall")]
fn is_deferred(k: &Kernel, vaddr: u64, asid: Asid) -> bool {
    let deferred = &k.mailbox.deferred;
    match deferred.get() {
        Deferred::Nothing => deferred.set(Deferred::Page(vaddr, asid)),
        Deferred::Page(_, other) | Deferred::Space(other) if other == asid => {
            deferred.set(Deferred::Space(asid));
        }
        _ => return false,
    }
    true
}

/// Forgets the translation of one page on all harts.
pub fn flush_page(k: &Kernel, vaddr: u64, asid: Asid) {
    arch::flush_page(vaddr, asid);
    #[cfg(feature = "async-syscall")]
    if MAX_HARTS > 1 && is_deferred(k, vaddr, asid) {
        return;
    }
    ask_of_space(k, asid, Request::FlushPage { vaddr, asid });
}

/// Forgets all translations of an address space on all harts.
pub fn flush_asid(k: &Kernel, asid: Asid) {
    arch::flush_asid(asid);
    ask_of_space(k, asid, Request::FlushAsid(asid));
}

/// Forgets all translations of all address spaces on all harts.
pub fn flush_all(k: &Kernel) {
    arch::flush_all();
    ask(k, Request::FlushAll, |_| true);
}

/// Makes every hart look up its current thread's address space again.
pub fn activate_spaces(k: &Kernel) {
    crate::vm::space::activate(k, k.current());
    ask(k, Request::ActivateSpace, |_| true);
}

/// Makes sure that no other hart runs `thread` or holds registers of it.
pub fn stop(k: &Kernel, thread: Obj<Tcb>) {
    let holds =
        |hart: usize| k.harts()[hart].current.get() == thread || arch::fpu_owner(k, hart) == Some(thread);
    if (0..MAX_HARTS).any(|hart| hart != arch::hart_index() && holds(hart)) {
        ask(k, Request::Stop, holds);
    }
}

/// Has an interrupt file emptied and opened by the hart that it belongs to, the only one that reaches its registers.
#[cfg(feature = "uintr")]
pub fn open_file(k: &Kernel, hart: usize, file: usize) {
    if hart == arch::hart_index() {
        arch::open_file(file);
    } else {
        ask(k, Request::OpenFile(file), |other| other == hart);
    }
}

/// Has an interrupt file silenced and emptied by the hart that it belongs to. Returns what was pending, as `arch::close_file` does.
#[cfg(feature = "uintr")]
pub fn close_file(k: &Kernel, hart: usize, file: usize) -> u64 {
    if hart == arch::hart_index() {
        arch::close_file(file)
    } else {
        ask(k, Request::CloseFile(file), |other| other == hart);
        k.mailbox.answer.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_survive_their_encoding() {
        let asid = Asid(0xabcd);
        for request in [
            Request::FlushPage { vaddr: 0x3f_ffff_e000, asid },
            Request::FlushAsid(asid),
            Request::FlushAll,
            Request::ActivateSpace,
            Request::Stop,
            #[cfg(feature = "uintr")]
            Request::OpenFile(7),
            #[cfg(feature = "uintr")]
            Request::CloseFile(6),
        ] {
            assert_eq!(Request::decode(request.encode()), request);
        }
    }
}
