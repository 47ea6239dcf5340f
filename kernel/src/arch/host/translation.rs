//! What the harts of tests on the host may translate through: the selected address space, and cached translations of earlier ones.

use core::cell::RefCell;
use std::collections::BTreeSet;
use std::thread_local;

use super::hart_index;
use crate::arch::PageTable;
use crate::config::MAX_HARTS;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::vm::Asid;

#[derive(Clone, Default, PartialEq)]
pub(super) struct Translation {
    selected: Option<u16>,
    /// Address spaces of which translations may be cached.
    cached: BTreeSet<u16>,
}

thread_local! {
    static HARTS: RefCell<[Translation; MAX_HARTS]> = RefCell::default();
}

fn with<R>(work: impl FnOnce(&mut Translation) -> R) -> R {
    HARTS.with_borrow_mut(|harts| work(&mut harts[hart_index()]))
}

pub(super) fn reset() {
    HARTS.take();
}

/// What the harts may translate through.
pub(super) type View = [Translation; MAX_HARTS];

pub(super) fn view() -> View {
    HARTS.with_borrow(Clone::clone)
}

pub(super) fn restore(view: &View) {
    HARTS.set(view.clone());
}

/// Makes user code translate through the address space.
pub fn activate_space(_root: Obj<PageTable>, asid: Asid) {
    with(|hart| {
        hart.selected = Some(asid.0);
        hart.cached.insert(asid.0);
    });
}

/// Makes every user address fault.
pub fn activate_no_space(_k: &Kernel) {
    with(|hart| hart.selected = None);
}

/// Forgets cached translations of one page of one address space: less than this model knows.
pub fn flush_page(_vaddr: u64, _asid: Asid) {}

/// Forgets all cached translations of an address space. The hardware caches new ones at any time while it is selected.
pub fn flush_asid(asid: Asid) {
    with(|hart| {
        if hart.selected != Some(asid.0) {
            hart.cached.remove(&asid.0);
        }
    });
}

/// Forgets all cached translations of all address spaces.
pub fn flush_all() {
    with(|hart| {
        let selected = hart.selected;
        hart.cached.retain(|&asid| selected == Some(asid));
    });
}

/// Whether any hart may still translate through the address space.
pub fn may_translate(asid: Asid) -> bool {
    HARTS.with_borrow(|harts| harts.iter().any(|hart| hart.cached.contains(&asid.0)))
}
