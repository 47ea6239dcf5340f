//! Copying, moving and deleting capabilities.

use rel4_abi::{CapRights, ObjectType};
use rel4_runtime::resources::Resources;

use crate::bench::series::Overhead;
use crate::bench::session::Session;
use crate::bench::window::stretch;
use crate::failure::Failure;

/// Measures the group.
pub(super) fn measure(session: &mut Session<'_>) -> Result<(), Failure> {
    let resources = &mut session.root.resources;
    let original = Resources::slot(resources.make(ObjectType::Endpoint, 0)?);
    let (first, second) = (Resources::slot(resources.take_slot()?), Resources::slot(resources.take_slot()?));
    let (overhead, effort) = (Overhead::Empty, session.effort);
    session.alone(["cnode_copy", "cnode_move", "cnode_delete"], overhead, effort, |session| {
        let (copied, copy) = stretch(session.counter, || first.copy_from(original, CapRights::ALL));
        let (moved, mov) = stretch(session.counter, || second.move_from(first));
        let (deleted, delete) = stretch(session.counter, || second.delete());
        copied.and(moved).and(deleted)?;
        Ok([copy, mov, delete])
    })?;
    session.alone(["cnode_mint", "cnode_revoke"], overhead, effort, |session| {
        const BADGE: u64 = 7;
        let (minted, mint) =
            stretch(session.counter, || first.mint_badged_from(original, CapRights::ALL, BADGE));
        let (revoked, revoke) = stretch(session.counter, || original.revoke());
        minted.and(revoked)?;
        Ok([mint, revoke])
    })
}
