//! U-notifications: which thread owns which interrupt file, and how notifications and files work together.
//!
//! A registered thread's notification has two places for its bits: its word, and the interrupt file, into which senders store without
//! the kernel. Wait and Poll look at both.
//!
//! # Blocking
//!
//! The owner keeps its interrupts masked from its last look at what it shares with its senders until Wait returns. Wait returns at once if
//! an identity is pending. Otherwise the kernel undoes whatever the owner did to silence its file, arms the file, looks once more, and
//! only then takes the thread off the hart. So a store either comes before that last look, which sees it, or finds the file armed, and
//! interrupts the kernel, which wakes the owner. `testing/blocking.rs` tries every place where a store can land.
//!
//! An armed file interrupts once: whoever handles that disarms it. The file of a thread that runs is never armed, so what is sent to it costs
//! no kernel entry.
//!
//! # Giving a file up
//!
//! What is still pending moves to the notification's word. The file is silenced and never given out again, since stale sender pages may
//! still be mapped.

use core::cell::Cell;

use rel4_abi::uintr::BADGE_BITS;

use crate::arch::{self, ModeState, PhysAddr};
use crate::cap::{Mapping, SenderPageCap};
use crate::config::MAX_HARTS;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::tcb::cancel_ipc;
use crate::object::{Tcb, ThreadState, notification};
use crate::remote;
use crate::sched;
use crate::vm::space;

/// The first file that threads get; the one before is the kernel's own.
const FIRST_FILE: usize = 2;
/// Files that a hart can have (AIA: up to 63; this many are used).
const MAX_FILES: usize = 8;

/// Who owns the interrupt files of all harts.
pub struct FileTable {
    owners: [[Cell<Owner>; MAX_FILES]; MAX_HARTS],
}

/// Names an interrupt file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FileId {
    /// Logical number of its hart.
    pub hart: usize,
    /// Its number there.
    pub number: usize,
}

impl FileId {
    /// The page into which its identities are stored.
    pub fn page(self, k: &Kernel) -> PhysAddr {
        arch::file_page(k, self.hart, self.number)
    }
}

#[derive(Clone, Copy)]
enum Owner {
    Nobody,
    Thread(Obj<Tcb>),
    /// Given up; sender pages may still be mapped somewhere.
    Retired,
}

impl FileTable {
    /// All files are free.
    pub const fn empty() -> Self {
        Self { owners: [const { [const { Cell::new(Owner::Nobody) }; MAX_FILES] }; MAX_HARTS] }
    }
}

/// Whether the thread owns an interrupt file.
#[inline(always)]
pub fn is_registered(thread: Obj<Tcb>) -> bool {
    thread.mode_state.file() != 0
}

/// Gives a thread, which no other hart may be running, an interrupt file of its hart and sets where it takes its interrupts. Bits that wait
/// in its notification's word move into the file. `None` if no file is free.
pub fn register(k: &Kernel, thread: Obj<Tcb>, entry: u64) -> Option<()> {
    let owners = &k.files.owners[thread.affinity()];
    let available = arch::interrupt_files(k).min(MAX_FILES - 1);
    let file = (FIRST_FILE..=available).find(|&file| matches!(owners[file].get(), Owner::Nobody))?;
    owners[file].set(Owner::Thread(thread));
    remote::open_file(k, thread.affinity(), file);
    arch::change_mode_state(k, thread, |state| state.take_file(file, entry));
    if let Some(notification) = thread.bound_notification() {
        notification.move_word_to_file(k, thread);
    }
    Some(())
}

/// Takes a thread's interrupt file away for good. What was pending in it waits in the word of the thread's notification; a thread that
/// waits for its file executes its system call again.
pub fn unregister(k: &Kernel, thread: Obj<Tcb>) {
    let file = thread.mode_state.file();
    if file == 0 {
        return;
    }
    // Another hart may be running it, with its file selected.
    remote::stop(k, thread);
    k.files.owners[thread.affinity()][file].set(Owner::Retired);
    arch::change_mode_state(k, thread, ModeState::drop_file);
    let pending = remote::close_file(k, thread.affinity(), file);
    if pending == 0 {
        return;
    }
    if let Some(notification) = thread.bound_notification() {
        notification.remember(pending >> 1);
    }
    if waits_for_its_file(thread) {
        cancel_ipc(k, thread);
        thread.set_state(k, ThreadState::Restart);
        // Not as a candidate: the caller may be about to delete the thread.
        sched::enqueue(k, thread);
        sched::reschedule_required(k);
    }
}

/// Whether a store to the thread's file is what it waits for, among others.
fn waits_for_its_file(thread: Obj<Tcb>) -> bool {
    match (thread.state(), thread.bound_notification()) {
        (ThreadState::BlockedOnNotification(notification), Some(bound)) => notification == bound,
        (ThreadState::BlockedOnReceive { .. }, Some(_)) => true,
        _ => false,
    }
}

/// The interrupt file of a thread.
pub fn file_of(thread: Obj<Tcb>) -> Option<FileId> {
    let number = thread.mode_state.file();
    (number != 0).then(|| FileId { hart: thread.affinity(), number })
}

/// Removes the mapping that a sender-page capability stands for, if it is still there.
pub fn unmap_sender(k: &Kernel, cap: &SenderPageCap) {
    let Mapping { asid, vaddr } = cap.mapping;
    let Some(root) = k.asids.root(asid) else { return };
    let walk = space::walk(root, vaddr);
    if walk.bits == rel4_abi::object::PAGE_BITS && walk.entry.get().is_leaf_to(cap.file.page(k)) {
        walk.entry.set(arch::Pte::INVALID);
        remote::flush_page(k, vaddr, asid);
    }
}

/// Raises the identities of a badge's bits in the file of a registered thread. Returns the bits that are no identities.
pub fn raise(k: &Kernel, thread: Obj<Tcb>, badge: u64) -> u64 {
    let page = arch::file_page(k, thread.affinity(), thread.mode_state.file());
    let mut bits = badge & ((1 << BADGE_BITS) - 1);
    while bits != 0 {
        arch::raise_identity(page, bits.trailing_zeros() + 1);
        bits &= bits - 1;
    }
    badge & !((1 << BADGE_BITS) - 1)
}

/// What waits in the file of the thread, if it is the current one: `Some` with the badge bits, which are taken, if any identity is pending and
/// enabled. The identities that belong to the thread's own ready queue stay, and alone give no bits.
#[inline(always)]
pub fn take_pending(k: &Kernel, thread: Obj<Tcb>) -> Option<u64> {
    if is_registered(thread) && thread == k.current() { take(thread) } else { None }
}

/// [`take_pending`] of the current thread, which is registered.
#[inline(always)]
fn take(thread: Obj<Tcb>) -> Option<u64> {
    is_pending(thread).then(|| arch::take_selected_word(thread.mode_state.file()) >> 1)
}

/// Whether any identity is pending and enabled in the file of the current thread, which is registered.
#[inline(always)]
pub fn is_pending(thread: Obj<Tcb>) -> bool {
    arch::file_is_pending(thread.mode_state.file())
}

/// Called when the current thread is about to block. Arms its file and looks once more; `Some` with the badge bits means that it must not
/// block.
#[inline]
pub fn arm_or_take(thread: Obj<Tcb>) -> Option<u64> {
    if is_registered(thread) { arm_registered(thread) } else { None }
}

/// [`arm_or_take`] of a thread that is registered.
#[inline(always)]
pub fn arm_registered(thread: Obj<Tcb>) -> Option<u64> {
    let file = thread.mode_state.file();
    arch::arm_file(file);
    let pending = take(thread);
    if pending.is_some() {
        arch::disarm_file(file);
    }
    pending
}

/// Called when what a thread waits for is cancelled. A file of another hart stays armed until it interrupts or its owner runs.
#[inline]
pub fn disarm(thread: Obj<Tcb>) {
    let file = thread.mode_state.file();
    if file != 0 && thread.affinity() == arch::hart_index() {
        arch::disarm_file(file);
    }
}

/// The thread that owns a file of this hart.
#[inline(always)]
pub fn owner(k: &Kernel, file: usize) -> Option<Obj<Tcb>> {
    match k.files.owners[arch::hart_index()].get(file)?.get() {
        Owner::Thread(thread) => Some(thread),
        Owner::Nobody | Owner::Retired => None,
    }
}

/// Armed files of this hart have become pending: wakes their owners, unless something else did.
pub fn wake_owners(k: &Kernel) {
    let mut files = arch::armed_and_pending_files();
    while files != 0 {
        let file = files.trailing_zeros() as usize;
        files &= files - 1;
        arch::disarm_file(file);
        if let Some(thread) = owner(k, file)
            && waits_for_its_file(thread)
        {
            let word = arch::take_file_word(file) >> 1;
            cancel_ipc(k, thread);
            notification::wake(k, thread, word);
        }
    }
}
