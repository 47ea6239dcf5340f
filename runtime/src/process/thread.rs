//! Threads of a process.

use rel4_abi::object::PAGE_BITS;
use rel4_abi::{BootInfo, CNodeCapData, CPtr, ObjectType};

use super::start::initial_context;
use super::{ProcessMain, Room};
use crate::address_space::{self, Access};
use crate::cap::{CNode, Frame, Spaces, Tcb, VSpace};
use crate::resources::{ResourceError, Resources};
use crate::shared::SharedMemory;
use crate::vaddr;

/// A thread of a process.
#[derive(Clone, Copy, Debug)]
pub struct Thread {
    tcb: Tcb,
    /// Which of its process's threads it is: that says where its stack and its IPC buffer are.
    number: u64,
    stack_bytes: u64,
}

/// Where a thread starts and what it is told.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// What it runs.
    pub main: ProcessMain,
    /// What it is told.
    pub arguments: [u64; 4],
    /// The memory that its process shares with the root task.
    pub shared: Option<&'a SharedMemory>,
}

impl Thread {
    /// Behind the last byte of its stack.
    pub(super) const fn stack_end(self) -> u64 {
        vaddr::stack(self.number) + self.stack_bytes
    }

    /// Its IPC buffer.
    pub(super) const fn ipc_buffer(self) -> u64 {
        vaddr::ipc_buffer(self.number)
    }

    /// Its TCB.
    #[must_use]
    pub const fn tcb(self) -> Tcb {
        self.tcb
    }

    /// Makes the thread, which must be stopped, start with `entry` when it is resumed, as if it had never run.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn set_entry(self, entry: &Entry<'_>, info: &BootInfo) -> Result<(), ResourceError> {
        Ok(self.tcb.write_registers(&initial_context(entry, self, info.num_nodes))?)
    }
}

/// Makes thread `number` of the process with `cspace` and `vspace`.
pub(super) fn make(
    resources: &mut Resources,
    (cspace, room): (CNode, Room),
    vspace: VSpace,
    number: u64,
    fault_handler: CPtr,
) -> Result<Thread, ResourceError> {
    let stack = vaddr::stack(number);
    for page in (stack..stack + room.stack_bytes).step_by(1 << PAGE_BITS) {
        map_new_frame(resources, vspace, page)?;
    }
    let ipc_buffer_vaddr = vaddr::ipc_buffer(number);
    let ipc_buffer = map_new_frame(resources, vspace, ipc_buffer_vaddr)?;
    let tcb = Tcb(resources.make(ObjectType::Tcb, 0)?);
    let cspace_guard = CNodeCapData::fill(room.cspace_radix_bits);
    tcb.configure(&Spaces { fault_handler, cspace, cspace_guard, vspace, ipc_buffer_vaddr, ipc_buffer })?;
    Ok(Thread { tcb, number, stack_bytes: room.stack_bytes })
}

fn map_new_frame(resources: &mut Resources, vspace: VSpace, vaddr: u64) -> Result<Frame, ResourceError> {
    let frame = Frame(resources.make(ObjectType::Page, 0)?);
    address_space::map(resources, vspace, frame, vaddr, Access::Data)?;
    Ok(frame)
}
