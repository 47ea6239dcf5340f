//! [`Slot`]: a place for one capability, with its links in the derivation list.

use core::cell::Cell;

use super::{Cap, RawCap};
use crate::obj::{Obj, Tagged};

/// A capability slot: 32 bytes, of which zeroed memory is an empty one.
#[repr(C, align(32))]
pub struct Slot {
    cap: Cell<RawCap>,
    previous: Cell<Option<Obj<Slot>>>,
    /// The next slot of the derivation list, with the flags of this one.
    next: Cell<Tagged<Slot>>,
}

const _: () = assert!(size_of::<Slot>() == 1 << rel4_abi::object::SLOT_BITS);

const REVOCABLE: usize = 1;
const FIRST_BADGED: usize = 2;

impl Slot {
    /// An empty slot.
    pub const fn empty() -> Self {
        Self { cap: Cell::new(RawCap::NULL), previous: Cell::new(None), next: Cell::new(Tagged::NONE) }
    }

    /// The capability in the slot, decoded.
    #[inline(never)]
    pub fn cap(&self) -> Cap {
        self.cap.get().decode()
    }

    /// The capability in the slot, as stored.
    #[inline(always)]
    pub fn raw(&self) -> RawCap {
        self.cap.get()
    }

    /// Whether the slot holds no capability.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.cap.get().is_null()
    }

    /// Overwrites the capability and leaves the derivation links alone.
    #[inline(always)]
    pub fn set_cap(&self, cap: Cap) {
        self.cap.set(RawCap::encode(cap));
    }

    /// Overwrites the capability by a stored one and leaves the derivation links alone.
    #[cfg(feature = "sync-ipc")]
    #[inline(always)]
    pub(super) fn set_raw(&self, cap: RawCap) {
        self.cap.set(cap);
    }

    /// The neighbour before this slot in the derivation list.
    #[inline(always)]
    pub fn previous(&self) -> Option<Obj<Slot>> {
        self.previous.get()
    }

    /// The neighbour after this slot in the derivation list.
    #[inline(always)]
    pub fn next(&self) -> Option<Obj<Slot>> {
        self.next.get().object()
    }

    /// Whether revoking this capability removes others: it is an original, not a plain copy.
    #[inline(always)]
    pub fn is_revocable(&self) -> bool {
        self.next.get().flags() & REVOCABLE != 0
    }

    /// Whether this is the first capability made with its badge.
    #[inline(always)]
    pub fn is_first_badged(&self) -> bool {
        self.next.get().flags() & FIRST_BADGED != 0
    }

    #[inline(always)]
    pub(super) fn set_previous(&self, previous: Option<Obj<Slot>>) {
        self.previous.set(previous);
    }

    #[inline(always)]
    pub(super) fn set_next(&self, next: Option<Obj<Slot>>) {
        self.next.set(self.next.get().with_object(next));
    }

    #[inline(always)]
    pub(super) fn set_flags(&self, flags: Flags) {
        let bits =
            (usize::from(flags.revocable) * REVOCABLE) | (usize::from(flags.first_badged) * FIRST_BADGED);
        self.next.set(self.next.get().with_flags(bits));
    }

    #[inline(always)]
    pub(super) fn flags(&self) -> Flags {
        Flags { revocable: self.is_revocable(), first_badged: self.is_first_badged() }
    }

    #[inline(always)]
    pub(super) fn clear(&self) {
        self.cap.set(RawCap::NULL);
        self.previous.set(None);
        self.next.set(Tagged::NONE);
    }
}

/// The two flags of a slot in the derivation list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Flags {
    pub(super) revocable: bool,
    pub(super) first_badged: bool,
}
