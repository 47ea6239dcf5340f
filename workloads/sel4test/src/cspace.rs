//! Where capabilities are in the `CSpace` of the driver, of each test process and of each helper process. All three
//! start alike: what the kernel gives the root task has the same address everywhere.

use rel4_abi::object::{PAGE_BITS, SLOT_BITS};
use rel4_abi::{CPtr, InitialSlot};
use rel4_runtime::cap::{
    AsidControl, AsidPool, CNode, DomainControl, Endpoint, Frame, IrqControl, IrqHandler, Slot, Tcb, Untyped,
    VSpace,
};
use rel4_runtime::resources::Resources;

/// The thread that runs the test, or the helper process's own.
pub const TCB: Tcb = Resources::TCB;
/// Root of the `CSpace`; it has a guard, so that addresses of capabilities in it have 64 bits.
pub const CNODE: CNode = Resources::CNODE;
/// The address space.
pub const VSPACE: VSpace = Resources::VSPACE;
/// Authority over interrupts. It cannot be copied: only the driver, and so bootstrap tests, have it.
pub const IRQ_CONTROL: IrqControl = Resources::IRQ_CONTROL;
/// Authority over ASID pools.
pub const ASID_CONTROL: AsidControl = AsidControl(InitialSlot::AsidControl.cptr());
/// The pool that the root task's ASID is from.
pub const ASID_POOL: AsidPool = Resources::ASID_POOL;
/// Authority over domains.
pub const DOMAIN: DomainControl = DomainControl(InitialSlot::Domain.cptr());
/// Test and helper processes: where results and faults go.
pub const SUPERVISOR: Endpoint = Endpoint(CPtr(16));
/// Helper processes: where the helper reports that it is done.
pub const DONE: Endpoint = Endpoint(CPtr(17));
/// Test processes: a frame of device memory. It has the registers of the clock, if there is one.
pub const DEVICE_FRAME: Frame = Frame(CPtr(17));
/// Test processes: the interrupt of the clock, if there is one.
pub const TIMER_IRQ: IrqHandler = IrqHandler(CPtr(18));
/// Test processes: device memory that nothing uses, two pages of it.
pub const DEVICE_UNTYPED: Untyped = Untyped(CPtr(19));
/// Size of [`DEVICE_UNTYPED`], as a power of two in bytes.
pub const DEVICE_UNTYPED_BITS: u32 = PAGE_BITS + 1;
/// The first slot of test and helper processes that is used as needed.
pub const FIRST_DYNAMIC_SLOT: u64 = 20;

/// Slots of the `CSpace` of test and helper processes, as a power of two.
pub const PROCESS_RADIX_BITS: u32 = 17;
/// Size of the `CNode` with those slots, as a power of two in bytes.
pub const PROCESS_CNODE_BITS: u32 = PROCESS_RADIX_BITS + SLOT_BITS;

/// The slot at address `cptr` of the own `CSpace`.
#[must_use]
pub const fn slot(cptr: CPtr) -> Slot {
    CNODE.slot_of_cspace(cptr)
}
