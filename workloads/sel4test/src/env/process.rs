//! Building a process: test processes by the driver, helper processes by tests.

use rel4_abi::object::PAGE_BITS;
use rel4_abi::{CNodeCapData, CPtr, CapRights, ObjectType, SlotRegion};
use rel4_runtime::address_space::{self, Access};
use rel4_runtime::cap::{AsidPool, CNode, Frame, PageTable, Slot, Spaces, Tcb, Untyped, VSpace};
pub(crate) use rel4_runtime::process::PrivateData as Contents;
use rel4_runtime::process::map_image;
use rel4_runtime::resources::{ResourceError, Resources};
use rel4_runtime::untyped::UntypedPool;
use rel4_runtime::{arch, vaddr};

use crate::cspace::{self, PROCESS_CNODE_BITS, PROCESS_RADIX_BITS};

/// Slots of the creator for what a process is made of, besides the pages of the program.
const SLOTS_BESIDES_IMAGE: u64 = 64;

/// Memory and slots that a process is made from, again and again.
#[derive(Debug)]
pub(crate) struct Arena {
    untyped: Untyped,
    slots: SlotRegion,
}

impl Arena {
    /// Its size as a power of two in bytes: twice the `CNode`, which is the largest part.
    const SIZE_BITS: u32 = PROCESS_CNODE_BITS + 1;

    /// Takes memory and slots.
    ///
    /// # Errors
    ///
    /// There is not enough of them.
    pub(crate) fn new(resources: &mut Resources) -> Result<Self, ResourceError> {
        let image = arch::image_layout();
        let pages = image.page_index(image.private_end);
        Ok(Self {
            untyped: Untyped(resources.make(ObjectType::Untyped, Self::SIZE_BITS)?),
            slots: resources.take_slots(pages + SLOTS_BESIDES_IMAGE)?,
        })
    }

    /// Makes things from it, from its start on.
    pub(crate) fn resources(&self) -> Resources {
        // Nothing is mapped for the creator.
        const NO_WINDOW: u64 = 0;
        Resources::new(UntypedPool::of_ram([(self.untyped, Self::SIZE_BITS)]), self.slots, NO_WINDOW)
    }

    /// Destroys everything made from it.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub(crate) fn clear(&self) -> Result<(), ResourceError> {
        cspace::slot(self.untyped.0).revoke()?;
        // Copies of frames of the image are no descendants of the untyped.
        for slot in self.slots.start..self.slots.end {
            cspace::slot(CPtr(slot)).delete()?;
        }
        Ok(())
    }
}

/// A capability that a new process gets, besides those to itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resident {
    /// Where in the process's `CSpace`.
    slot: CPtr,
    /// The original, in the creator's.
    original: CPtr,
}

impl Resident {
    /// A copy of `original` in `slot`.
    pub(crate) const fn copy(slot: CPtr, original: CPtr) -> Self {
        Self { slot, original }
    }
}

/// What a new process is to be.
pub(crate) struct ProcessPlan<'a> {
    /// Where its address space gets its ASID.
    pub(crate) asid_pool: AsidPool,
    /// Frames of the program's image, from its first page on.
    pub(crate) image_frames: SlotRegion,
    /// What its variables are at first.
    pub(crate) contents: Contents,
    /// What it can use.
    pub(crate) residents: &'a [Resident],
    /// Its maximum controlled priority.
    pub(crate) max_controlled_priority: u64,
    /// Its priority.
    pub(crate) priority: u64,
}

/// A process that was built. It does not run yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Built {
    pub(crate) tcb: Tcb,
    pub(crate) cspace: CNode,
    pub(crate) vspace: VSpace,
    pub(crate) stack_top: u64,
    pub(crate) ipc_buffer: Frame,
    pub(crate) ipc_buffer_vaddr: u64,
    /// Empty slots of its `CSpace`.
    pub(crate) free: SlotRegion,
}

impl Built {
    /// Slot `cptr` of its `CSpace`.
    pub(crate) const fn slot(&self, cptr: CPtr) -> Slot {
        self.cspace.slot(cptr.word(), PROCESS_RADIX_BITS)
    }
}

/// Builds the process that `plan` describes. Its faults go to the supervisor.
///
/// # Errors
///
/// Those of making objects and mapping frames.
pub(crate) fn build(resources: &mut Resources, plan: &ProcessPlan<'_>) -> Result<Built, ResourceError> {
    let cspace = CNode(resources.make(ObjectType::CNode, PROCESS_RADIX_BITS)?);
    let vspace = plan.asid_pool.assign(PageTable(resources.make(ObjectType::PageTable, 0)?))?;
    map_image(resources, vspace, plan.image_frames, plan.contents)?;
    let stack = vaddr::stack(0);
    let stack_top = stack + vaddr::STACK_BYTES;
    for page in (stack..stack_top).step_by(1 << PAGE_BITS) {
        let frame = Frame(resources.make(ObjectType::Page, 0)?);
        address_space::map(resources, vspace, frame, page, Access::Data)?;
    }
    let ipc_buffer = Frame(resources.make(ObjectType::Page, 0)?);
    let ipc_buffer_vaddr = vaddr::ipc_buffer(0);
    address_space::map(resources, vspace, ipc_buffer, ipc_buffer_vaddr, Access::Data)?;

    let tcb = Tcb(resources.make(ObjectType::Tcb, 0)?);
    tcb.configure(&Spaces {
        fault_handler: cspace::SUPERVISOR.0,
        cspace,
        cspace_guard: CNodeCapData::fill(PROCESS_RADIX_BITS),
        vspace,
        ipc_buffer_vaddr,
        ipc_buffer,
    })?;
    tcb.set_sched_params(cspace::TCB, plan.max_controlled_priority, plan.priority)?;

    let free = SlotRegion { start: cspace::FIRST_DYNAMIC_SLOT, end: 1 << PROCESS_RADIX_BITS };
    let built = Built { tcb, cspace, vspace, stack_top, ipc_buffer, ipc_buffer_vaddr, free };
    let itself = built.slot(cspace::CNODE.0);
    itself.mint_guarded_from(cspace::slot(cspace.0), CNodeCapData::fill(PROCESS_RADIX_BITS))?;
    let own = [(cspace::TCB.0, tcb.0), (cspace::VSPACE.0, vspace.0)]
        .map(|(slot, original)| Resident::copy(slot, original));
    for resident in own.iter().chain(plan.residents) {
        let original = cspace::slot(resident.original);
        built.slot(resident.slot).copy_from(original, CapRights::ALL)?;
    }
    Ok(built)
}
