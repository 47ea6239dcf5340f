//! Operations on CNodes, with a capability to a thread as the thing that is copied and moved.

use core::sync::atomic::{AtomicU64, Ordering};

use rel4_abi::{CNodeCapData, CPtr, CapRights, InvocationError, Register};
use rel4_runtime::cap::{Slot, Tcb};
use rel4_runtime::error::Error;

use crate::cspace;
use crate::env::{Env, is_empty};
use crate::expect::{refused, source_missing};
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(super) const TESTS: &[Test] = &[
    basic("CNODEOP0001", "copying a capability", copy),
    basic("CNODEOP0002", "deleting a capability", delete),
    basic("CNODEOP0003", "copying a capability with data", mint),
    basic("CNODEOP0004", "moving a capability", move_),
    basic("CNODEOP0005", "moving a capability with data", mutate),
    basic("CNODEOP0006", "cancelling sends with a badge", cancel_badged_sends),
    basic("CNODEOP0007", "revoking a capability", revoke),
    basic("CNODEOP0008", "moving two capabilities at once", rotate),
    basic("CNODEOP0009", "saving the capability to answer a caller", save_caller),
];

/// Bits of an address in the test's `CSpace`.
const DEPTH_BITS: u64 = 64;
const DELETE_FIRST: Result<(), Error> = refused(InvocationError::DeleteFirst);

/// A slot of the test's `CSpace`, known by its address.
#[derive(Clone, Copy)]
struct Place(CPtr);

impl Place {
    fn empty(env: &mut Env) -> Outcome<Self> {
        Ok(Self(env.empty_slot()?))
    }

    /// A slot with a capability to a new thread.
    fn with_thread(env: &mut Env) -> Outcome<Self> {
        Ok(Self(env.tcb()?.0))
    }

    const fn slot(self) -> Slot {
        cspace::slot(self.0)
    }

    #[track_caller]
    fn check_empty(self) {
        check_eq!(is_empty(self.slot()), Ok(true));
    }

    #[track_caller]
    fn check_full(self) {
        check_eq!(is_empty(self.slot()), Ok(false));
    }

    /// Checks that both capabilities are to the same thread: what is written through one is read through the other.
    #[track_caller]
    fn check_same_thread(self, other: Self) {
        static UNIQUE: AtomicU64 = AtomicU64::new(0xaffe_0000);
        let pc = UNIQUE.fetch_add(8, Ordering::Relaxed);
        let mut context = rel4_abi::UserContext::default();
        context.set(Register::Pc, pc);
        check_eq!(Tcb(self.0).write_registers(&context), Ok(()));
        check_eq!(Tcb(other.0).read_registers().map(|context| context.get(Register::Pc)), Ok(pc));
    }
}

fn copy(env: &mut Env) -> Outcome {
    let (source, target) = (Place::with_thread(env)?, Place::empty(env)?);
    check_eq!(target.slot().copy_from(source.slot(), CapRights::ALL), Ok(()));
    source.check_same_thread(target);

    let occupied = Place::with_thread(env)?;
    check_eq!(occupied.slot().copy_from(source.slot(), CapRights::ALL), DELETE_FIRST);
    let (empty, other) = (Place::empty(env)?, Place::empty(env)?);
    check_eq!(occupied.slot().copy_from(empty.slot(), CapRights::ALL), DELETE_FIRST);
    check_eq!(other.slot().copy_from(empty.slot(), CapRights::ALL), source_missing(DEPTH_BITS));
    other.check_empty();
    Ok(())
}

fn delete(env: &mut Env) -> Outcome {
    let full = Place::with_thread(env)?;
    full.check_full();
    check_eq!(full.slot().delete(), Ok(()));
    full.check_empty();
    check_eq!(full.slot().delete(), Ok(()));
    full.check_empty();
    Ok(())
}

fn mint(env: &mut Env) -> Outcome {
    let (source, target) = (Place::with_thread(env)?, Place::empty(env)?);
    const NO_DATA: u64 = 0;
    let mint =
        |target: Place, source: Place| target.slot().mint_badged_from(source.slot(), CapRights::ALL, NO_DATA);
    check_eq!(mint(target, source), Ok(()));
    source.check_same_thread(target);

    let (occupied, empty) = (Place::with_thread(env)?, Place::empty(env)?);
    check_eq!(mint(occupied, source), DELETE_FIRST);
    check_eq!(mint(Place::empty(env)?, empty), source_missing(DEPTH_BITS));
    Ok(())
}

fn move_(env: &mut Env) -> Outcome {
    moves(env, Slot::move_from)
}

fn mutate(env: &mut Env) -> Outcome {
    moves(env, |target, source| target.mutate_from(source, CNodeCapData::default()))
}

/// What moving and mutating have in common.
fn moves(env: &mut Env, operation: impl Fn(Slot, Slot) -> Result<(), Error>) -> Outcome {
    let (source, target) = (Place::with_thread(env)?, Place::empty(env)?);
    check_eq!(operation(target.slot(), source.slot()), Ok(()));
    source.check_empty();
    target.check_full();

    let (empty, other) = (Place::empty(env)?, Place::empty(env)?);
    check_eq!(operation(other.slot(), empty.slot()), source_missing(DEPTH_BITS));
    other.check_empty();

    let occupied = Place::with_thread(env)?;
    check_eq!(operation(occupied.slot(), target.slot()), DELETE_FIRST);
    target.check_full();
    occupied.check_full();
    Ok(())
}

fn cancel_badged_sends(env: &mut Env) -> Outcome {
    let endpoint = Place(env.endpoint()?.0);
    check_eq!(endpoint.slot().cancel_badged_sends(), Ok(()));
    endpoint.check_full();
    let illegal = refused(InvocationError::IllegalOperation);
    check_eq!(Place::empty(env)?.slot().cancel_badged_sends(), illegal);
    Ok(())
}

fn revoke(env: &mut Env) -> Outcome {
    let full = Place::with_thread(env)?;
    check_eq!(full.slot().revoke(), Ok(()));
    full.check_full();
    let empty = Place::empty(env)?;
    check_eq!(empty.slot().revoke(), Ok(()));
    empty.check_empty();
    Ok(())
}

fn rotate(env: &mut Env) -> Outcome {
    let (source, pivot, target) = (Place::with_thread(env)?, Place::with_thread(env)?, Place::empty(env)?);
    check_eq!(target.slot().rotate_from(pivot.slot(), source.slot()), Ok(()));
    source.check_empty();
    pivot.check_full();
    target.check_full();

    let (source, pivot, target) =
        (Place::with_thread(env)?, Place::with_thread(env)?, Place::with_thread(env)?);
    check_eq!(target.slot().rotate_from(pivot.slot(), source.slot()), DELETE_FIRST);
    [source, pivot, target].into_iter().for_each(Place::check_full);

    // With one slot as source and target the two capabilities change places.
    let copy = Place(env.copy(source.0)?);
    check_eq!(source.slot().rotate_from(pivot.slot(), source.slot()), Ok(()));
    copy.check_same_thread(pivot);
    source.check_full();

    let (same, target) = (Place::with_thread(env)?, Place::empty(env)?);
    let illegal = refused(InvocationError::IllegalOperation);
    check_eq!(target.slot().rotate_from(same.slot(), same.slot()), illegal);
    same.check_full();
    target.check_empty();

    let (source, pivot, target) = (Place::empty(env)?, Place::empty(env)?, Place::empty(env)?);
    check_eq!(target.slot().rotate_from(pivot.slot(), source.slot()), source_missing(DEPTH_BITS));
    [source, pivot, target].into_iter().for_each(Place::check_empty);
    Ok(())
}

fn save_caller(env: &mut Env) -> Outcome {
    let empty = Place::empty(env)?;
    check_eq!(empty.slot().save_caller(), Ok(()));
    empty.check_empty();
    let occupied = Place::with_thread(env)?;
    check_eq!(occupied.slot().save_caller(), DELETE_FIRST);
    Ok(())
}
