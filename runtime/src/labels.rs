//! Which label table the kernel underneath speaks.

use core::sync::atomic::{AtomicBool, Ordering};

use rel4_abi::LabelSet;

static SMP: AtomicBool = AtomicBool::new(false);

/// The table that a kernel with `num_nodes` cores (of `BootInfo`) speaks.
#[must_use]
pub const fn of_num_nodes(num_nodes: u64) -> LabelSet {
    if num_nodes > 1 { LabelSet::Smp } else { LabelSet::SingleCore }
}

/// Chooses the table for all invocations of this process. Start-up code does this once.
pub fn select(set: LabelSet) {
    SMP.store(set == LabelSet::Smp, Ordering::Relaxed);
}

/// The table in use.
#[must_use]
pub fn selected() -> LabelSet {
    if SMP.load(Ordering::Relaxed) { LabelSet::Smp } else { LabelSet::SingleCore }
}
