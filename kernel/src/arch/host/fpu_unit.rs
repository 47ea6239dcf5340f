//! The floating-point units of tests on the host.

use core::cell::Cell;
use std::thread_local;

use super::hart_index;
use crate::arch::FpuState;
use crate::config::MAX_HARTS;

struct Unit {
    on: Cell<bool>,
    changed: Cell<bool>,
    /// The registers, then `fcsr`.
    words: [Cell<u64>; 33],
}

thread_local! {
    static UNITS: [Unit; MAX_HARTS] = const {
        [const { Unit { on: Cell::new(false), changed: Cell::new(false), words: [const { Cell::new(0) }; 33] } }; MAX_HARTS]
    };
}

fn with<R>(work: impl FnOnce(&Unit) -> R) -> R {
    UNITS.with(|units| work(&units[hart_index()]))
}

pub(super) fn reset() {
    UNITS.with(|units| {
        for unit in units {
            unit.on.set(false);
            unit.changed.set(false);
            unit.words.iter().for_each(|word| word.set(0));
        }
    });
}

/// What the units hold: on or off, changed or not, and the registers.
pub(super) type View = [(bool, bool, [u64; 33]); MAX_HARTS];

pub(super) fn view() -> View {
    UNITS.with(|units| {
        units.each_ref().map(|unit| (unit.on.get(), unit.changed.get(), unit.words.each_ref().map(Cell::get)))
    })
}

pub(super) fn restore(view: &View) {
    UNITS.with(|units| {
        for (unit, (on, changed, words)) in units.iter().zip(view) {
            unit.on.set(*on);
            unit.changed.set(*changed);
            unit.words.iter().zip(words).for_each(|(now, then)| now.set(*then));
        }
    });
}

pub(in crate::arch) fn switch_on() {
    with(|unit| unit.on.set(true));
}

pub(in crate::arch) fn switch_off() {
    with(|unit| {
        unit.on.set(false);
        unit.changed.set(false);
    });
}

pub(in crate::arch) fn has_changed() -> bool {
    with(|unit| unit.changed.get())
}

pub(in crate::arch) fn set_unchanged() {
    with(|unit| unit.changed.set(false));
}

pub(in crate::arch) fn is_on() -> bool {
    with(|unit| unit.on.get())
}

pub(in crate::arch) fn save(state: &FpuState) {
    assert!(is_on(), "the kernel uses the unit while it is off");
    with(|unit| state.words().zip(&unit.words).for_each(|(to, from)| to.set(from.get())));
}

pub(in crate::arch) fn load(state: &FpuState) {
    assert!(is_on(), "the kernel uses the unit while it is off");
    with(|unit| {
        unit.words.iter().zip(state.words()).for_each(|(to, from)| to.set(from.get()));
        unit.changed.set(true);
    });
}

/// Every word of the unit, as user code sees it; `None` where user code would trap.
pub fn fpu_words() -> Option<[u64; 33]> {
    with(|unit| unit.on.get().then(|| unit.words.each_ref().map(Cell::get)))
}

/// User code fills the unit, which is on.
pub fn fill_fpu(value: u64) {
    assert!(is_on(), "user code would trap");
    with(|unit| {
        unit.words.iter().for_each(|word| word.set(value));
        unit.changed.set(true);
    });
}
