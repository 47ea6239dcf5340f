//! Making objects and destroying them.

use rel4_abi::ObjectType;
use rel4_abi::object::{ENDPOINT_BITS, PAGE_BITS};
use rel4_runtime::cap::Untyped;
use rel4_runtime::resources::Resources;

use crate::bench::series::Overhead;
use crate::bench::session::Session;
use crate::bench::window::stretch;
use crate::failure::Failure;

/// What the objects of a series are made of: so large that it does not have to be cleared in between.
const UNTYPED_BITS: u32 = 20;
/// What a `CNode` has slots, as a power of two.
const CNODE_RADIX_BITS: u32 = 4;
/// The most cycles of a kind: twice that of the largest objects fit.
const MOST: u64 = 1 << (UNTYPED_BITS - PAGE_BITS - 2);

/// Measures the group.
pub(super) fn measure(session: &mut Session<'_>) -> Result<(), Failure> {
    let untyped = Untyped(session.root.resources.make(ObjectType::Untyped, UNTYPED_BITS)?);
    let (keeper, slot) = (session.root.resources.take_slot()?, session.root.resources.take_slot()?);
    for (operations, object, size_bits) in [
        (["alloc_1", "free_1"], ObjectType::Page, 0),
        (["retype_endpoint", "delete_endpoint"], ObjectType::Endpoint, 0),
        (["retype_notification", "delete_notification"], ObjectType::Notification, 0),
        (["retype_tcb", "delete_tcb"], ObjectType::Tcb, 0),
        (["retype_cnode", "delete_cnode"], ObjectType::CNode, CNODE_RADIX_BITS),
        (["retype_page_table", "delete_page_table"], ObjectType::PageTable, 0),
        (["retype_untyped", "delete_untyped"], ObjectType::Untyped, ENDPOINT_BITS),
    ] {
        // As long as there is one object in it, the next one is put behind the last, which was deleted.
        untyped.retype(ObjectType::Endpoint, 0, Resources::CNODE, keeper.word(), 1)?;
        let node = Resources::slot(Resources::CNODE.0);
        session.alone(operations, Overhead::Empty, session.effort.at_most(MOST), |session| {
            let (made, retype) =
                stretch(session.counter, || untyped.retype_into(object, size_bits, node, slot.word(), 1));
            let (destroyed, delete) = stretch(session.counter, || Resources::slot(slot).delete());
            made.and(destroyed)?;
            Ok([retype, delete])
        })?;
        Resources::slot(untyped.0).revoke()?;
    }
    Ok(())
}
