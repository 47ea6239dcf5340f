//! Capability nodes.

use rel4_abi::cptr::WORD_BITS;
use rel4_abi::{CNodeCapData, CPtr, CapRights, Invocation};

use super::invoke::invoke;
use crate::error::Error;

/// A capability to a `CNode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CNode(pub CPtr);

/// A slot, named by the `CNode` where its lookup starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    root: CNode,
    index: u64,
    depth_bits: u32,
}

impl CNode {
    /// The slot at address `cptr` of the `CSpace` with this root, whose guard makes its addresses 64 bits long.
    #[must_use]
    pub const fn slot_of_cspace(self, cptr: CPtr) -> Slot {
        Slot { root: self, index: cptr.word(), depth_bits: WORD_BITS }
    }

    /// Slot number `index` of this `CNode` of 2^`radix_bits` slots, when its capability has no guard.
    #[must_use]
    pub const fn slot(self, index: u64, radix_bits: u32) -> Slot {
        Slot { root: self, index, depth_bits: radix_bits }
    }
}

impl Slot {
    /// Where its lookup starts.
    #[must_use]
    pub const fn root(self) -> CNode {
        self.root
    }

    /// Its index and how many bits of that count.
    #[must_use]
    pub const fn address(self) -> [u64; 2] {
        [self.index, self.depth_bits as u64]
    }

    /// Fills this slot with a copy of the capability in `source`, with at most `rights`.
    ///
    /// # Errors
    ///
    /// The kernel's: `DeleteFirst` if this slot is occupied, `FailedLookup` if `source` is empty.
    pub fn copy_from(self, source: Self, rights: CapRights) -> Result<(), Error> {
        let [index, depth] = self.address();
        let [source_index, source_depth] = source.address();
        let words = [index, depth, source_index, source_depth, rights.word()];
        invoke(self.root.0, Invocation::CNodeCopy, &[source.root.0], &words).map(drop)
    }

    /// As [`Slot::copy_from`], and sets the badge (endpoint, notification) of the copy.
    ///
    /// # Errors
    ///
    /// Those of [`Slot::copy_from`]; `IllegalOperation` if the source has a badge already.
    pub fn mint_badged_from(self, source: Self, rights: CapRights, badge: u64) -> Result<(), Error> {
        self.mint_from(source, rights, badge)
    }

    /// As [`Slot::copy_from`], and sets the guard of the copy of a `CNode`.
    ///
    /// # Errors
    ///
    /// Those of [`Slot::copy_from`]; `IllegalOperation` if the guard does not fit.
    pub fn mint_guarded_from(self, source: Self, guard: CNodeCapData) -> Result<(), Error> {
        self.mint_from(source, CapRights::ALL, guard.word())
    }

    fn mint_from(self, source: Self, rights: CapRights, data: u64) -> Result<(), Error> {
        let [index, depth] = self.address();
        let [source_index, source_depth] = source.address();
        let words = [index, depth, source_index, source_depth, rights.word(), data];
        invoke(self.root.0, Invocation::CNodeMint, &[source.root.0], &words).map(drop)
    }

    /// Moves the capability in `source` here.
    ///
    /// # Errors
    ///
    /// Those of [`Slot::copy_from`].
    pub fn move_from(self, source: Self) -> Result<(), Error> {
        let [index, depth] = self.address();
        let [source_index, source_depth] = source.address();
        let words = [index, depth, source_index, source_depth];
        invoke(self.root.0, Invocation::CNodeMove, &[source.root.0], &words).map(drop)
    }

    /// As [`Slot::move_from`], and sets the guard of a `CNode`.
    ///
    /// # Errors
    ///
    /// Those of [`Slot::copy_from`]; `IllegalOperation` if the source is an endpoint or a notification.
    pub fn mutate_from(self, source: Self, guard: CNodeCapData) -> Result<(), Error> {
        let [index, depth] = self.address();
        let [source_index, source_depth] = source.address();
        let words = [index, depth, source_index, source_depth, guard.word()];
        invoke(self.root.0, Invocation::CNodeMutate, &[source.root.0], &words).map(drop)
    }

    /// Moves the capability in `pivot` here and then the one in `source` to `pivot`, keeping both as they are if they
    /// are no `CNode`s.
    ///
    /// # Errors
    ///
    /// The kernel's: `DeleteFirst` if this slot is occupied and not `source`, `IllegalOperation` if `pivot` is one of
    /// the others.
    pub fn rotate_from(self, pivot: Self, source: Self) -> Result<(), Error> {
        const KEEP: u64 = 0;
        let [index, depth] = self.address();
        let [pivot_index, pivot_depth] = pivot.address();
        let [source_index, source_depth] = source.address();
        let words = [index, depth, KEEP, pivot_index, pivot_depth, KEEP, source_index, source_depth];
        let caps = [pivot.root.0, source.root.0];
        invoke(self.root.0, Invocation::CNodeRotate, &caps, &words).map(drop)
    }

    /// Empties this slot.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn delete(self) -> Result<(), Error> {
        invoke(self.root.0, Invocation::CNodeDelete, &[], &self.address()).map(drop)
    }

    /// Deletes everything derived from the capability in this slot.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn revoke(self) -> Result<(), Error> {
        invoke(self.root.0, Invocation::CNodeRevoke, &[], &self.address()).map(drop)
    }

    /// Makes every thread that waits to send with the badge of the endpoint in this slot send again.
    ///
    /// # Errors
    ///
    /// `IllegalOperation` if it is no endpoint with all rights.
    pub fn cancel_badged_sends(self) -> Result<(), Error> {
        invoke(self.root.0, Invocation::CNodeCancelBadgedSends, &[], &self.address()).map(drop)
    }

    /// Moves the reply capability of the thread's last caller here; without a caller the slot stays empty.
    ///
    /// # Errors
    ///
    /// `DeleteFirst` if this slot is occupied.
    pub fn save_caller(self) -> Result<(), Error> {
        invoke(self.root.0, Invocation::CNodeSaveCaller, &[], &self.address()).map(drop)
    }
}
