//! The calls: what they do, by either way.

use rel4_abi::{CPtr, CapRights, InvocationError, ObjectType, VmAttributes};
use rel4_runtime::async_syscall::{AsyncError, Invoked, Syscalls};
use rel4_runtime::cap::{CNode, Endpoint, Frame, Notification, Slot, Untyped, VSpace};
use rel4_runtime::error::Error;
use rel4_runtime::process;

use super::{CAPACITY, CSPACE_BITS, slots};
use crate::changing_page;

/// Which calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A page that is not mapped is unmapped, which succeeds and changes nothing: the least that an object does.
    Null,
    /// A `CNode` is asked for what no object does, and refuses.
    Refused,
    /// A notification is signalled, for which nobody waits.
    Signal,
    /// A page is mapped, and unmapped again.
    Page,
    /// A capability is copied, and the copy deleted.
    Capability,
    /// A notification is made out of untyped memory, and deleted.
    Object,
}

impl Kind {
    /// The words that stand for them in parameters.
    pub(super) const ALL: &[(&str, Self)] = &[
        ("null", Self::Null),
        ("refused", Self::Refused),
        ("signal", Self::Signal),
        ("page", Self::Page),
        ("capability", Self::Capability),
        ("object", Self::Object),
    ];
}

/// Which of two calls that undo each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Do,
    Undo,
}

const CSPACE: CNode = CNode(slots::CSPACE);
const VSPACE: VSpace = VSpace(slots::VSPACE);
const UNTYPED: Untyped = Untyped(slots::UNTYPED);

const fn frame(index: usize) -> Frame {
    Frame(CPtr(slots::FIRST_FRAME + index as u64))
}

const fn spare() -> Notification {
    Notification(process::granted(slots::SPARE))
}

const fn free(index: usize) -> Slot {
    CSPACE.slot(slots::FIRST_FREE + index as u64, CSPACE_BITS)
}

/// The answer to a call that is refused on purpose.
pub(super) const REFUSED: Result<(), Error> = Err(Error::Refused(InvocationError::IllegalOperation));

/// Call number `index` of a group, by a trap. True if it did what it should.
#[inline(always)]
pub(super) fn by_trap(kind: Kind, half: Half, index: usize) -> bool {
    let result = match (kind, half) {
        (Kind::Null, _) => frame(index).unmap(),
        (Kind::Refused, _) => return refused_by_trap(),
        (Kind::Signal, _) => {
            spare().signal();
            Ok(())
        }
        (Kind::Page, Half::Do) => frame(index).map(
            VSPACE,
            changing_page::address(index as u64),
            CapRights::READ_WRITE,
            VmAttributes::EXECUTE_NEVER,
        ),
        (Kind::Page, Half::Undo) => frame(index).unmap(),
        (Kind::Capability, Half::Do) => {
            free(index).copy_from(CSPACE.slot(spare().0.word(), CSPACE_BITS), CapRights::ALL)
        }
        (Kind::Capability | Kind::Object, Half::Undo) => free(index).delete(),
        (Kind::Object, Half::Do) => {
            UNTYPED.retype(ObjectType::Notification, 0, CSPACE, slots::FIRST_FREE + index as u64, 1)
        }
    };
    result.is_ok()
}

/// The same call through the rings.
#[inline(always)]
pub(super) fn by_ring<'c>(
    syscalls: &'c Syscalls<'_, CAPACITY>,
    kind: Kind,
    half: Half,
    index: usize,
) -> Invoked<'c, CAPACITY> {
    match (kind, half) {
        (Kind::Null, _) => syscalls.unmap(frame(index)),
        (Kind::Refused, _) => syscalls.invoke(CSPACE.0, NO_LABEL, [], []),
        (Kind::Signal, _) => syscalls.signal(spare()),
        (Kind::Page, Half::Do) => syscalls.map(
            frame(index),
            VSPACE,
            changing_page::address(index as u64),
            CapRights::READ_WRITE,
            VmAttributes::EXECUTE_NEVER,
        ),
        (Kind::Page, Half::Undo) => syscalls.unmap(frame(index)),
        (Kind::Capability, Half::Do) => {
            syscalls.copy(free(index), CSPACE.slot(spare().0.word(), CSPACE_BITS), CapRights::ALL)
        }
        (Kind::Capability | Kind::Object, Half::Undo) => syscalls.delete(free(index)),
        (Kind::Object, Half::Do) => {
            syscalls.retype(UNTYPED, ObjectType::Notification, 0, CSPACE, slots::FIRST_FREE + index as u64, 1)
        }
    }
}

/// Whether an answer from the rings is the one that it should be.
#[inline(always)]
pub(super) fn is_right(kind: Kind, result: Result<(), AsyncError>) -> bool {
    match kind {
        Kind::Refused => result == REFUSED.map_err(AsyncError::Kernel),
        _ => result.is_ok(),
    }
}

/// A label that no object knows.
const NO_LABEL: u64 = 0;

#[inline(always)]
fn refused_by_trap() -> bool {
    let message = Endpoint(CSPACE.0).call(NO_LABEL, []);
    message.info.label() == rel4_abi::Error::IllegalOperation.label()
}
