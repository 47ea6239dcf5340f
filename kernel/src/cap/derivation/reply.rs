//! The place of reply capabilities in the derivation tree: at most one for a thread, the only child of the hidden original in its TCB.

use crate::cap::slot::Slot;
use crate::cap::{RawCap, ReplyCap};
use crate::obj::Obj;
use crate::object::Tcb;

/// Puts the right to answer `caller` into the empty slot `destination`.
#[inline(always)]
pub fn insert_reply(caller: Obj<Tcb>, destination: Obj<Slot>, can_grant: bool) {
    let master = caller.reply_master();
    debug_assert!(destination.is_empty() && master.next().is_none());
    destination.set_raw(RawCap::of_reply(ReplyCap { caller, master: false, can_grant }));
    destination.set_previous(Some(master));
    master.set_next(Some(destination));
}

/// Takes the right to answer `caller` out of `slot`.
#[inline(always)]
pub fn remove_reply(caller: Obj<Tcb>, slot: Obj<Slot>) {
    let master = caller.reply_master();
    debug_assert!(slot.previous() == Some(master) && slot.next().is_none());
    master.set_next(None);
    slot.clear();
}
