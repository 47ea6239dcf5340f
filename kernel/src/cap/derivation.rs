//! The capability derivation tree.
//!
//! The tree is kept as one doubly linked list in depth-first order: the descendants of a capability follow it directly, and
//! [`is_parent`] tells where they end. A new child is put directly behind its parent, so a revoke removes the newest first.

#[cfg(feature = "sync-ipc")]
mod reply;

#[cfg(feature = "sync-ipc")]
pub use reply::{insert_reply, remove_reply};

use super::slot::{Flags, Slot};
use super::{Cap, UntypedCap};
use crate::obj::Obj;

/// Puts `cap`, derived from the capability in `source`, into the empty slot `destination` directly behind `source`.
pub fn insert(cap: Cap, source: Obj<Slot>, destination: Obj<Slot>) {
    debug_assert!(destination.is_empty());
    let original = source.cap();
    let revocable = is_revocable(&cap, &original);
    if let (Cap::Untyped(parent), Cap::Untyped(child)) = (original, cap) {
        exhaust_copied(source, parent, child);
    }
    destination.set_cap(cap);
    destination.set_flags(Flags { revocable, first_badged: revocable });
    link_after(source, destination);
}

/// Puts an original capability without a parent into `destination` (boot, and the hidden reply master).
pub fn insert_root(cap: Cap, destination: Obj<Slot>) {
    debug_assert!(destination.is_empty());
    destination.set_cap(cap);
    destination.set_previous(None);
    destination.set_next(None);
    destination.set_flags(Flags { revocable: true, first_badged: true });
}

/// Puts a new original object's capability into `destination` as a child of the untyped capability in `parent`.
pub fn insert_object(cap: Cap, parent: Obj<Slot>, destination: Obj<Slot>) {
    destination.set_cap(cap);
    destination.set_flags(Flags { revocable: true, first_badged: true });
    link_after(parent, destination);
}

/// Moves a capability, possibly changed to `cap`, with its place in the tree.
pub fn move_cap(cap: Cap, source: Obj<Slot>, destination: Obj<Slot>) {
    debug_assert!(destination.is_empty());
    destination.set_cap(cap);
    take_place(source, destination);
}

/// Exchanges two slots; `cap1` goes to `slot2` and `cap2` to `slot1`.
pub fn swap(cap1: Cap, slot1: Obj<Slot>, cap2: Cap, slot2: Obj<Slot>) {
    let (previous_1, next_1, flags_1) = (slot1.previous(), slot1.next(), slot1.flags());
    let (previous_2, next_2, flags_2) = (slot2.previous(), slot2.next(), slot2.flags());
    slot1.set_cap(cap2);
    slot2.set_cap(cap1);
    // Where the two are neighbours, each one's link to the other becomes a link to itself unless exchanged too.
    let exchanged = |slot: Option<Obj<Slot>>| match slot {
        Some(s) if s == slot1 => Some(slot2),
        Some(s) if s == slot2 => Some(slot1),
        s => s,
    };
    place(slot2, exchanged(previous_1), exchanged(next_1), flags_1);
    place(slot1, exchanged(previous_2), exchanged(next_2), flags_2);
}

/// Removes the capability from the tree and empties the slot.
pub fn remove(slot: Obj<Slot>) {
    let (previous, next) = (slot.previous(), slot.next());
    if let Some(previous) = previous {
        previous.set_next(next);
    }
    if let Some(next) = next {
        next.set_previous(previous);
        let flags = next.flags();
        next.set_flags(Flags { first_badged: flags.first_badged || slot.is_first_badged(), ..flags });
    }
    slot.clear();
}

/// Whether the capability in `child` was derived from the one in `parent`.
pub fn is_parent(parent: Obj<Slot>, child: Obj<Slot>) -> bool {
    if !parent.is_revocable() {
        return false;
    }
    let (parent_cap, child_cap) = (parent.cap(), child.cap());
    if !same_region(&parent_cap, &child_cap) {
        return false;
    }
    let badge_covers = |parent_badge: u64, child_badge: u64| {
        parent_badge == 0 || (parent_badge == child_badge && !child.is_first_badged())
    };
    match (parent_cap, child_cap) {
        (Cap::Endpoint(p), Cap::Endpoint(c)) => badge_covers(p.badge, c.badge),
        (Cap::Notification(p), Cap::Notification(c)) => badge_covers(p.badge, c.badge),
        // All that stands between a badged capability and the sender pages made through it has its badge, until it is deleted, which
        // `remove` passes on.
        #[cfg(feature = "uintr")]
        (Cap::Notification(p), Cap::SenderPage(c)) => {
            p.badge == 0 || (c.is_badged && !child.is_first_badged())
        }
        _ => true,
    }
}

/// Whether the capability in `slot` has descendants.
pub fn has_children(slot: Obj<Slot>) -> bool {
    slot.next().is_some_and(|next| is_parent(slot, next))
}

/// Whether no other capability to the same object exists.
pub fn is_final(slot: Obj<Slot>) -> bool {
    let cap = slot.cap();
    let same = |other: Option<Obj<Slot>>| other.is_some_and(|other| same_object(&other.cap(), &cap));
    !same(slot.previous()) && !same(slot.next())
}

/// Whether two capabilities name the same object.
pub fn same_object(a: &Cap, b: &Cap) -> bool {
    match (a, b) {
        (Cap::Untyped(_), _) | (Cap::IrqControl, Cap::IrqHandler(_)) => false,
        (Cap::Frame(a), Cap::Frame(b)) => a.base == b.base && a.size == b.size && a.device == b.device,
        _ => same_region(a, b),
    }
}

/// Whether the object of `b` is the object of `a` or lies within it.
pub fn same_region(a: &Cap, b: &Cap) -> bool {
    match (a, b) {
        (Cap::Untyped(a), b) => covers(a.base.0, a.size_bits, b),
        (Cap::Frame(a), Cap::Frame(_)) => covers(a.base.0, a.size.bits(), b),
        (Cap::Endpoint(a), Cap::Endpoint(b)) => a.endpoint == b.endpoint,
        (Cap::Notification(a), Cap::Notification(b)) => a.notification == b.notification,
        #[cfg(feature = "uintr")]
        (Cap::Notification(a), Cap::SenderPage(b)) => a.notification == b.notification,
        #[cfg(feature = "uintr")]
        (Cap::SenderPage(a), Cap::Notification(b)) => a.notification == b.notification,
        #[cfg(feature = "uintr")]
        (Cap::SenderPage(a), Cap::SenderPage(b)) => a.notification == b.notification,
        (Cap::CNode(a), Cap::CNode(b)) => a.node == b.node,
        (Cap::Thread(a), Cap::Thread(b)) => a == b,
        (Cap::Reply(a), Cap::Reply(b)) => a.caller == b.caller,
        (Cap::IrqControl, Cap::IrqControl | Cap::IrqHandler(_))
        | (Cap::Domain, Cap::Domain)
        | (Cap::AsidControl, Cap::AsidControl) => true,
        (Cap::IrqHandler(a), Cap::IrqHandler(b)) => a == b,
        (Cap::AsidPool(a), Cap::AsidPool(b)) => a.pool == b.pool,
        (Cap::PageTable(a), Cap::PageTable(b)) => a.table == b.table,
        _ => false,
    }
}

fn covers(base: u64, size_bits: u8, inner: &Cap) -> bool {
    let Some((inner_base, inner_bits)) = inner.region() else { return false };
    let last = base + ((1 << size_bits) - 1);
    let inner_last = inner_base.0 + ((1 << inner_bits) - 1);
    base <= inner_base.0 && inner_last <= last
}

/// Whether a capability made from `original` can later be revoked on its own.
fn is_revocable(derived: &Cap, original: &Cap) -> bool {
    match (derived, original) {
        (Cap::Endpoint(d), Cap::Endpoint(o)) => d.badge != o.badge,
        (Cap::Notification(d), Cap::Notification(o)) => d.badge != o.badge,
        (Cap::IrqHandler(_), Cap::IrqControl) | (Cap::Untyped(_), _) => true,
        _ => false,
    }
}

/// A copied untyped must not be retyped through both capabilities: the original gives nothing out any more.
fn exhaust_copied(source: Obj<Slot>, parent: UntypedCap, child: UntypedCap) {
    if parent.base == child.base && parent.size_bits == child.size_bits {
        source.set_cap(Cap::Untyped(UntypedCap { watermark: parent.size(), ..parent }));
    }
}

fn link_after(source: Obj<Slot>, new: Obj<Slot>) {
    let next = source.next();
    new.set_previous(Some(source));
    new.set_next(next);
    source.set_next(Some(new));
    if let Some(next) = next {
        next.set_previous(Some(new));
    }
}

fn take_place(source: Obj<Slot>, destination: Obj<Slot>) {
    let (previous, next, flags) = (source.previous(), source.next(), source.flags());
    source.clear();
    place(destination, previous, next, flags);
}

fn place(slot: Obj<Slot>, previous: Option<Obj<Slot>>, next: Option<Obj<Slot>>, flags: Flags) {
    slot.set_previous(previous);
    slot.set_next(next);
    slot.set_flags(flags);
    if let Some(previous) = previous {
        previous.set_next(Some(slot));
    }
    if let Some(next) = next {
        next.set_previous(Some(slot));
    }
}
