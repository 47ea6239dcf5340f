//! Whose time it is: cycles of each thread, of idling, and of the kernel.

use core::cell::Cell;

use rel4_abi::benchmark::{UTILISATION_WORDS, UtilisationWord};

use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::Tcb;

/// What a thread has used. Zeroed memory is one that has used nothing.
#[derive(Default)]
pub struct Utilisation {
    /// Cycles for which it was scheduled.
    pub(super) cycles: Cell<u64>,
    /// How often it was scheduled.
    pub(super) schedules: Cell<u64>,
    /// Cycles of kernel entries that ended with it.
    pub(super) kernel_cycles: Cell<u64>,
    /// Number of these.
    pub(super) kernel_entries: Cell<u64>,
    /// When it was scheduled last.
    scheduled_at: Cell<u64>,
}

impl Utilisation {
    /// Forgets everything.
    pub fn reset(&self) {
        for counter in
            [&self.cycles, &self.schedules, &self.kernel_cycles, &self.kernel_entries, &self.scheduled_at]
        {
            counter.set(0);
        }
    }
}

/// What a hart has used.
pub(super) struct Totals {
    /// Whether it is measuring.
    on: Cell<bool>,
    begun_at: Cell<u64>,
    ended_at: Cell<u64>,
    schedules: Cell<u64>,
    kernel_cycles: Cell<u64>,
    kernel_entries: Cell<u64>,
}

impl Totals {
    /// Nothing yet.
    pub(super) const fn none() -> Self {
        Self {
            on: Cell::new(false),
            begun_at: Cell::new(0),
            ended_at: Cell::new(0),
            schedules: Cell::new(0),
            kernel_cycles: Cell::new(0),
            kernel_entries: Cell::new(0),
        }
    }

    /// Begins to measure at time `now`, at which `current` runs.
    pub(super) fn begin(&self, current: Obj<Tcb>, now: u64) {
        self.on.set(true);
        current.utilisation.scheduled_at.set(now);
        add(&current.utilisation.schedules, 1);
        self.begun_at.set(now);
        self.ended_at.set(now);
        self.schedules.set(1);
        self.kernel_cycles.set(0);
        self.kernel_entries.set(0);
    }

    /// Stops at time `now`, at which `current` runs.
    pub(super) fn end(&self, current: Obj<Tcb>, now: u64) {
        if self.on.replace(false) {
            charge_schedule(current, now);
            self.ended_at.set(now);
        }
    }

    /// `to` has become current in place of `from`; the kernel was entered at time `now`.
    #[inline(always)]
    pub(super) fn switch(&self, from: Obj<Tcb>, to: Obj<Tcb>, now: u64) {
        if self.on.get() {
            charge_schedule(from, now);
            to.utilisation.scheduled_at.set(now);
            add(&to.utilisation.schedules, 1);
            add(&self.schedules, 1);
        }
    }

    /// A kernel entry of that many cycles ends with `current`.
    #[inline(always)]
    pub(super) fn charge(&self, current: Obj<Tcb>, cycles: u64) {
        if self.on.get() {
            add(&current.utilisation.kernel_entries, 1);
            add(&current.utilisation.kernel_cycles, cycles);
            add(&self.kernel_entries, 1);
            add(&self.kernel_cycles, cycles);
        }
    }
}

fn charge_schedule(thread: Obj<Tcb>, now: u64) {
    let Utilisation { cycles, scheduled_at, .. } = &thread.utilisation;
    // One that was reset by a hart with another counter may have been scheduled in the future.
    add(cycles, now.saturating_sub(scheduled_at.get()));
}

fn add(counter: &Cell<u64>, amount: u64) {
    counter.set(counter.get().wrapping_add(amount));
}

/// What this hart and `thread` have used.
pub fn words(k: &Kernel, thread: Obj<Tcb>) -> [u64; UTILISATION_WORDS] {
    use UtilisationWord as Word;
    let totals = &k.hart().benchmark.totals;
    let (own, idle, home) =
        (&thread.utilisation, &k.hart().idle().utilisation, &k.home(thread).idle().utilisation);
    let mut words = [0; UTILISATION_WORDS];
    for (word, value) in [
        (Word::ThreadCycles, own.cycles.get()),
        (Word::ThreadSchedules, own.schedules.get()),
        (Word::ThreadKernelCycles, own.kernel_cycles.get()),
        (Word::ThreadKernelEntries, own.kernel_entries.get()),
        (Word::IdleCycles, idle.cycles.get()),
        (Word::IdleCyclesOfThreadsHart, home.cycles.get()),
        (Word::IdleSchedules, idle.schedules.get()),
        (Word::IdleKernelCycles, idle.kernel_cycles.get()),
        (Word::IdleKernelEntries, idle.kernel_entries.get()),
        (Word::TotalCycles, totals.ended_at.get().wrapping_sub(totals.begun_at.get())),
        (Word::TotalSchedules, totals.schedules.get()),
        (Word::TotalKernelCycles, totals.kernel_cycles.get()),
        (Word::TotalKernelEntries, totals.kernel_entries.get()),
    ] {
        words[word as usize] = value;
    }
    words
}

/// Prints what all threads have used.
#[cfg(feature = "debug")]
pub fn print_all(k: &Kernel) {
    use crate::console::{print, println};
    use UtilisationWord as Word;
    let total = words(k, k.current());
    println!("{{");
    for (name, word) in [
        ("BENCHMARK_TOTAL_UTILISATION", Word::TotalCycles),
        ("BENCHMARK_TOTAL_KERNEL_UTILISATION", Word::TotalKernelCycles),
        ("BENCHMARK_TOTAL_NUMBER_KERNEL_ENTRIES", Word::TotalKernelEntries),
        ("BENCHMARK_TOTAL_NUMBER_SCHEDULES", Word::TotalSchedules),
    ] {
        println!("  \"{name}\":{},", total[word as usize]);
    }
    print!("  \"BENCHMARK_TCB_\": [");
    let mut separator = "";
    for thread in k.threads.iter() {
        let Utilisation { cycles, schedules, kernel_cycles, kernel_entries, .. } = &thread.utilisation;
        println!("{separator}");
        print!("    {{ \"NAME\":\"{}\"", thread.name());
        for (name, counter) in [
            ("UTILISATION", cycles),
            ("NUMBER_SCHEDULES", schedules),
            ("KERNEL_UTILISATION", kernel_cycles),
            ("NUMBER_KERNEL_ENTRIES", kernel_entries),
        ] {
            print!(", \"{name}\":{}", counter.get());
        }
        print!(" }}");
        separator = ",";
    }
    println!("\n  ]\n}}");
}

/// Forgets what all threads have used.
#[cfg(feature = "debug")]
pub fn reset_all(k: &Kernel) {
    k.threads.iter().for_each(|thread| thread.utilisation.reset());
}
