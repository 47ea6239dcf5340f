//! Making a process.

use rel4_abi::{BootInfo, CapRights, ObjectType, SlotRegion};

use super::{Entry, Grant, Process, ProcessSpec, Room, SUPERVISOR, granted, thread};
use crate::address_space::{self, Access};
use crate::arch;
use crate::cap::{CNode, Frame, PageTable, Slot, VSpace};
use crate::error::Error;
use crate::resources::{ResourceError, Resources};
use crate::scratch;
use crate::vaddr;

/// Makes the process that `spec` describes. Its thread does not run yet.
///
/// # Errors
///
/// Those of making objects and mapping frames.
pub fn create(
    resources: &mut Resources,
    info: &BootInfo,
    spec: &ProcessSpec<'_>,
) -> Result<Process, ResourceError> {
    create_with_room(resources, info, spec, Room::ORDINARY)
}

/// As [`create`], with other room than most processes get.
///
/// # Errors
///
/// Those of [`create`].
pub fn create_with_room(
    resources: &mut Resources,
    info: &BootInfo,
    spec: &ProcessSpec<'_>,
    room: Room,
) -> Result<Process, ResourceError> {
    debug_assert!(room.cspace_radix_bits >= Room::ORDINARY.cspace_radix_bits);
    debug_assert!(room.stack_bytes <= vaddr::MAX_STACK_BYTES);
    let cspace = make_cspace(resources, spec, room.cspace_radix_bits)?;
    let root = PageTable(resources.make(ObjectType::PageTable, 0)?);
    let vspace = Resources::ASID_POOL.assign(root)?;
    map_image(resources, vspace, info.user_image_frames, PrivateData::Fresh)?;
    if let Some(shared) = spec.shared {
        shared.map_into(resources, vspace)?;
    }

    let thread = thread::make(resources, (cspace, room), vspace, 0, SUPERVISOR)?;
    let tcb = thread.tcb();
    const MAX_CONTROLLED_PRIORITY: u64 = 0;
    tcb.set_sched_params(Resources::TCB, MAX_CONTROLLED_PRIORITY, spec.priority)?;
    // A thread starts on its creator's hart, and only a kernel for several harts has the operation.
    if spec.hart != 0 {
        tcb.set_affinity(spec.hart)?;
    }
    thread.set_entry(&Entry { main: spec.main, arguments: spec.arguments, shared: spec.shared }, info)?;
    Ok(Process { cspace, room, vspace, thread })
}

fn make_cspace(
    resources: &mut Resources,
    spec: &ProcessSpec<'_>,
    radix_bits: u32,
) -> Result<CNode, ResourceError> {
    let node = CNode(resources.make(ObjectType::CNode, radix_bits)?);
    // A fault is a call, which needs the right to hand over a reply capability.
    let supervisor = Grant {
        source: spec.supervisor.0,
        rights: CapRights::WRITE.union(CapRights::GRANT_REPLY),
        badge: spec.badge,
    };
    let supervisor = core::iter::once((SUPERVISOR, &supervisor));
    let others = (0..).map(granted).zip(spec.grants);
    for (cptr, grant) in supervisor.chain(others) {
        give(node.slot(cptr.word(), radix_bits), grant)?;
    }
    Ok(node)
}

fn give(target: Slot, grant: &Grant) -> Result<(), Error> {
    let source = Resources::slot(grant.source);
    match grant.badge {
        0 => target.copy_from(source, grant.rights),
        badge => target.mint_badged_from(source, grant.rights, badge),
    }
}

/// What the data of a new process holds at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrivateData {
    /// What the program's data held before its first instruction.
    Fresh,
    /// What the data of the creator holds now.
    CopyOfOwn,
}

/// Maps the running program into `vspace`: copies of `image_frames`, which hold the program from its first page on, as
/// far as all processes share them, and new frames for data.
///
/// # Errors
///
/// Those of making objects and mapping frames.
pub fn map_image(
    resources: &mut Resources,
    vspace: VSpace,
    image_frames: SlotRegion,
    data: PrivateData,
) -> Result<(), ResourceError> {
    let image = arch::image_layout();
    for (vaddr, access) in image.shared_pages() {
        let original = image_frames.slot(image.page_index(vaddr)).ok_or(ResourceError::OutOfSlots)?;
        let copy = resources.copy_frame(Frame(original), access.rights())?;
        address_space::map(resources, vspace, copy, vaddr, access)?;
    }
    for (vaddr, snapshot) in image.private_pages() {
        let frame = Frame(resources.make(ObjectType::Page, 0)?);
        match data {
            PrivateData::Fresh if snapshot.is_empty() => {}
            PrivateData::Fresh => scratch::fill(resources, frame, snapshot)?,
            PrivateData::CopyOfOwn => scratch::fill_from_own_page(resources, frame, vaddr)?,
        }
        address_space::map(resources, vspace, frame, vaddr, Access::Data)?;
    }
    Ok(())
}
