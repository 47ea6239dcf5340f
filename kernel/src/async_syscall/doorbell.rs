//! Doorbells: how a thread tells another hart's kernel, without a trap, that requests wait.
//!
//! Each hart has an interrupt file of the kernel's own ([`arch::DOORBELL_FILE`]), whose page a thread can have mapped as it has sender pages. What it
//! stores there is an identity that stands for its priority, lower for higher. A hart answers doorbells of threads that go before what it
//! runs, first of all when it runs nothing; the others stay pending.
//!
//! # What a doorbell must not do
//!
//! Whoever has the page can raise any identity. So:
//!
//! * only the identities of threads with rings are enabled ([`follow`]);
//! * the file's threshold follows the priority of the thread that runs: a doorbell never interrupts a thread that goes before the one who
//!   rings. It is brought up to date at the end of each kernel entry but those that carry messages or signals on the fastpath, so after one of
//!   those a single interrupt may come too much, which corrects it;
//! * an identity that was raised for nothing [`EMPTY_FINDS`] times stays masked until the next tick. Who rings while its requests are being
//!   carried out rings for nothing in all honesty: each time that requests were carried out excuses one of its own identity. Those of others
//!   it must not excuse, or a thread could by small requests of its own have harts interrupted in the name of one that goes before it.

use core::cell::Cell;

use rel4_abi::async_syscall::doorbell_identity as identity;

use crate::arch;
use crate::config::MAX_HARTS;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::Tcb;

use super::{Served, serve};

/// Threads with rings, at most.
const MAX_RINGS: usize = 64;
/// How often more than requests were carried out an identity may be raised for nothing between two ticks.
const EMPTY_FINDS: u8 = 16;
const PRIORITIES: u32 = rel4_abi::sched::NUM_PRIORITIES as u32;
const IDENTITIES: usize = rel4_abi::uintr::MAX_IDENTITY as usize + 1;

/// The threads with rings, and what each hart's doorbell lets through.
pub struct Doorbells {
    threads: [Cell<Option<Obj<Tcb>>>; MAX_RINGS],
    /// Changes with the set of threads and their priorities.
    generation: Cell<u64>,
    harts: [Hart; MAX_HARTS],
}

struct Hart {
    /// The generation that the enabled identities are of.
    seen: Cell<u64>,
    /// The file's threshold.
    threshold: Cell<u32>,
    /// By identity, how often more than requests were carried out it was raised for nothing since the last tick.
    empty_finds: [Cell<u8>; IDENTITIES],
    /// Whether there were any since then.
    any_empty_finds: Cell<bool>,
}

impl Hart {
    const fn new() -> Self {
        Self {
            seen: Cell::new(0),
            threshold: Cell::new(0),
            empty_finds: [const { Cell::new(0) }; IDENTITIES],
            any_empty_finds: Cell::new(false),
        }
    }

    fn empty_finds(&self, identity: u32) -> &Cell<u8> {
        &self.empty_finds[identity as usize % IDENTITIES]
    }
}

impl Doorbells {
    /// Nobody has rings.
    pub const fn new() -> Self {
        Self {
            threads: [const { Cell::new(None) }; MAX_RINGS],
            generation: Cell::new(0),
            harts: [const { Hart::new() }; MAX_HARTS],
        }
    }
}

impl Default for Doorbells {
    fn default() -> Self {
        Self::new()
    }
}

/// Adds a thread with rings. `None` if there are too many.
pub(super) fn add(k: &Kernel, thread: Obj<Tcb>) -> Option<()> {
    let free = k.doorbells.threads.iter().find(|place| place.get().is_none())?;
    free.set(Some(thread));
    changed(k);
    Some(())
}

/// Takes a thread out, if it is there.
pub(super) fn remove(k: &Kernel, thread: Obj<Tcb>) {
    if let Some(place) = k.doorbells.threads.iter().find(|place| place.get() == Some(thread)) {
        place.set(None);
        changed(k);
    }
}

/// The priority of a thread has changed.
pub fn priority_changed(k: &Kernel, thread: Obj<Tcb>) {
    if thread.ring.is_registered() {
        changed(k);
    }
}

fn changed(k: &Kernel) {
    k.doorbells.generation.set(k.doorbells.generation.get() + 1);
    // Harts that idle would not notice.
    for (index, hart) in k.harts().iter().enumerate() {
        if index != arch::hart_index() && hart.current.get() == hart.idle() {
            arch::send_ipi(k, index);
        }
    }
}

/// The identities of all threads with rings, as a bit each, but for those that were raised for nothing too often on `hart`.
fn enabled(k: &Kernel, hart: &Hart) -> [u64; 4] {
    let mut words = [0; 4];
    for thread in k.doorbells.threads.iter().filter_map(Cell::get) {
        let identity = identity(thread.priority.get());
        if hart.empty_finds(identity).get() < EMPTY_FINDS {
            words[identity as usize / 64 % 4] |= 1 << (identity % 64);
        }
    }
    words
}

/// Brings this hart's doorbell up to date with the threads that have rings and with the thread that runs next.
#[inline(always)]
pub fn follow(k: &Kernel) {
    if k.doorbells.generation.get() != 0 {
        follow_rings(k);
    }
}

#[inline(never)]
fn follow_rings(k: &Kernel) {
    let hart = &k.doorbells.harts[arch::hart_index()];
    let generation = k.doorbells.generation.get();
    if hart.seen.replace(generation) != generation {
        arch::enable_doorbell(enabled(k, hart));
    }
    let running = k.current();
    let threshold = if running == k.hart().idle() {
        0
    } else {
        (PRIORITIES - 1 - u32::from(running.priority.get())).max(1)
    };
    if hart.threshold.replace(threshold) != threshold {
        arch::set_doorbell_threshold(threshold);
    }
}

/// A tick: what was masked because it was raised for nothing is enabled again.
pub fn tick(k: &Kernel) {
    let hart = &k.doorbells.harts[arch::hart_index()];
    if hart.any_empty_finds.replace(false) {
        hart.empty_finds.iter().for_each(|finds| finds.set(0));
        hart.seen.set(0);
    }
}

/// Requests of a thread were carried out. The doorbell that told of them may ring still, on whatever hart.
pub(super) fn excuse_one_ring(k: &Kernel, thread: Obj<Tcb>) {
    let identity = identity(thread.priority.get());
    for hart in &k.doorbells.harts {
        let finds = hart.empty_finds(identity);
        // What is masked stays so until the tick.
        if finds.get() < EMPTY_FINDS {
            finds.set(finds.get().saturating_sub(1));
        }
    }
}

/// Answers this hart's doorbell.
pub fn answer(k: &Kernel) {
    let rung = arch::claim_doorbell();
    if rung == 0 {
        return;
    }
    let mut found = false;
    let is_rung = |thread: &Obj<Tcb>| identity(thread.priority.get()) == rung;
    for place in &k.doorbells.threads {
        // Looked up anew each time: a request can end the registration of any thread.
        let Some(thread) = place.get().filter(is_rung) else { continue };
        if !super::has_requests(thread) {
            continue;
        }
        found = true;
        if !goes_first(k, thread) || serve(k, thread) == Served::Interrupted {
            // It rings again when this hart has time.
            arch::raise_identity(arch::file_page(k, arch::hart_index(), arch::DOORBELL_FILE), rung);
            return;
        }
    }
    if !found {
        let hart = &k.doorbells.harts[arch::hart_index()];
        let finds = hart.empty_finds(rung);
        finds.set(finds.get().saturating_add(1));
        hart.any_empty_finds.set(true);
        if finds.get() >= EMPTY_FINDS {
            arch::enable_doorbell(enabled(k, hart));
        }
    }
}

/// Whether the requests of a thread go before what this hart runs.
fn goes_first(k: &Kernel, thread: Obj<Tcb>) -> bool {
    let running = k.current();
    running == k.hart().idle() || running.priority.get() < thread.priority.get()
}
