//! Untyped memory.

use rel4_abi::{CPtr, Invocation, ObjectType};

use super::cnode::{CNode, Slot};
use super::invoke::invoke;
use crate::error::Error;

/// A capability to untyped memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Untyped(pub CPtr);

impl Untyped {
    /// Makes `count` objects and puts their capabilities into `node`, from slot number `first_slot` on.
    /// `user_size_bits` is the size of an untyped, or the slots of a `CNode`, as a power of two; other types ignore it.
    ///
    /// # Errors
    ///
    /// The kernel's, in particular `NotEnoughMemory`, and `DeleteFirst` if a slot is occupied.
    pub fn retype(
        self,
        object: ObjectType,
        user_size_bits: u32,
        node: CNode,
        first_slot: u64,
        count: u64,
    ) -> Result<(), Error> {
        // Depth 0 stands for `node` itself, so that nothing is looked up further.
        self.retype_below(object, user_size_bits, node, [0, 0], first_slot, count)
    }

    /// As [`Untyped::retype`], for a node that is looked up: its capability is in `node`.
    ///
    /// # Errors
    ///
    /// Those of [`Untyped::retype`], and `FailedLookup`.
    pub fn retype_into(
        self,
        object: ObjectType,
        user_size_bits: u32,
        node: Slot,
        first_slot: u64,
        count: u64,
    ) -> Result<(), Error> {
        self.retype_below(object, user_size_bits, node.root(), node.address(), first_slot, count)
    }

    #[inline(always)]
    fn retype_below(
        self,
        object: ObjectType,
        user_size_bits: u32,
        root: CNode,
        [index, depth]: [u64; 2],
        first_slot: u64,
        count: u64,
    ) -> Result<(), Error> {
        let words = [object.word(), u64::from(user_size_bits), index, depth, first_slot, count];
        invoke(self.0, Invocation::UntypedRetype, &[root.0], &words).map(drop)
    }
}
