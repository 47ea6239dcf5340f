//! Processes: an address space, a `CSpace` and a thread, made by the root task out of its own program.
//!
//! A process shares the code and the constants of the root task, read-only, and has data, stack and IPC buffer of
//! its own. Its data starts as the root task's did. What happens to it its creator learns through the *supervisor*
//! endpoint: that it finished, panicked or faulted.

mod create;
mod report;
mod start;
mod thread;

use rel4_abi::{CPtr, CapRights};

pub use create::{PrivateData, create, create_with_room, map_image};
pub use report::{Report, ReportError, SourceLine, finish, panicked};
pub use start::{ProcessMain, Start};
pub use thread::{Entry, Thread};

use crate::cap::{CNode, Endpoint, Slot, Tcb, VSpace};
use crate::resources::{ResourceError, Resources};
use crate::shared::SharedMemory;
use crate::vaddr;

/// Slots of a process's `CSpace`, as a power of two.
const CNODE_RADIX_BITS: u32 = 4;
/// Where a process finds the endpoint of its creator, which is its fault handler too.
pub const SUPERVISOR: CPtr = CPtr(1);
/// Where a process finds the first capability that it was granted.
const FIRST_GRANT: u64 = 2;

/// A capability that a new process gets a copy of.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    /// The original, in the root task's `CSpace`.
    pub source: CPtr,
    /// What the process may do with it.
    pub rights: CapRights,
    /// Badge of the copy; 0 leaves it without.
    pub badge: u64,
}

/// Address, in a process, of the capability number `index` of its grants.
#[must_use]
pub const fn granted(index: u64) -> CPtr {
    CPtr(FIRST_GRANT + index)
}

/// What a new process is to be.
#[derive(Debug)]
pub struct ProcessSpec<'a> {
    /// What it runs.
    pub main: ProcessMain,
    /// What it is told at the start.
    pub arguments: [u64; 4],
    /// Its priority. It cannot raise any.
    pub priority: u64,
    /// The hart that it runs on, 0 to the number of harts less one.
    pub hart: u64,
    /// The root task's endpoint for reports.
    pub supervisor: Endpoint,
    /// Badge of its reports.
    pub badge: u64,
    /// What else it may use; at most 14.
    pub grants: &'a [Grant],
    /// Memory it shares with the root task.
    pub shared: Option<&'a SharedMemory>,
}

/// How much of what there is in limited supply a process gets.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Slots of its `CSpace`, as a power of two; there are at least 16.
    pub cspace_radix_bits: u32,
    /// Stack of its first thread in bytes, whole pages and no more than [`vaddr::MAX_STACK_BYTES`]. With more than
    /// [`vaddr::STACK_BYTES`] there is no place for further threads.
    pub stack_bytes: u64,
}

impl Room {
    /// What most processes get.
    pub const ORDINARY: Self = Self { cspace_radix_bits: CNODE_RADIX_BITS, stack_bytes: vaddr::STACK_BYTES };
}

/// A process that was created.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    cspace: CNode,
    room: Room,
    vspace: VSpace,
    thread: Thread,
}

impl Process {
    /// Lets its thread run.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn start(self) -> Result<(), ResourceError> {
        Ok(self.tcb().resume()?)
    }

    /// The root of its `CSpace`, without a guard.
    #[must_use]
    pub const fn cspace(self) -> CNode {
        self.cspace
    }

    /// The slot that the process finds at `cptr`, below the number of slots that it was made with.
    #[must_use]
    pub const fn slot(self, cptr: CPtr) -> Slot {
        self.cspace.slot(cptr.word(), self.room.cspace_radix_bits)
    }

    /// Its address space.
    #[must_use]
    pub const fn vspace(self) -> VSpace {
        self.vspace
    }

    /// Its thread.
    #[must_use]
    pub const fn thread(self) -> Thread {
        self.thread
    }

    /// The TCB of its thread.
    #[must_use]
    pub const fn tcb(self) -> Tcb {
        self.thread.tcb()
    }

    /// Adds thread number `number`, from 1 to [`vaddr::MAX_THREADS`] less one and each once. It shares everything with the first, but
    /// has a stack and an IPC buffer of its own; its faults go to the endpoint at `fault_handler` in their `CSpace`. It has priority 0 and no
    /// entry yet.
    ///
    /// # Errors
    ///
    /// Those of making objects and mapping frames.
    pub fn add_thread(
        self,
        resources: &mut Resources,
        number: u64,
        fault_handler: CPtr,
    ) -> Result<Thread, ResourceError> {
        debug_assert!(self.room.stack_bytes <= vaddr::STACK_BYTES, "there is no place for further threads");
        let room = Room { stack_bytes: vaddr::STACK_BYTES, ..self.room };
        thread::make(resources, (self.cspace, room), self.vspace, number, fault_handler)
    }
}
