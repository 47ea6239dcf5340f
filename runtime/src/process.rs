//! Processes: an address space, a `CSpace` and a thread, made by the root task out of its own program.
//!
//! A process shares the code and the constants of the root task, read-only, and has data, stack and IPC buffer of
//! its own. Its data starts as the root task's did. What happens to it its creator learns through the *supervisor*
//! endpoint: that it finished, panicked or faulted.

mod create;
mod report;
mod start;

use rel4_abi::{CPtr, CapRights};

pub use create::{PrivateData, create, map_image};
pub use report::{Report, ReportError, SourceLine, finish, panicked};
pub use start::{ProcessMain, Start};

use crate::cap::{Endpoint, Tcb, VSpace};
use crate::resources::ResourceError;
use crate::shared::SharedMemory;

/// Slots of a process's `CSpace`, as a power of two.
const CNODE_RADIX_BITS: u32 = 4;
/// Where a process finds the endpoint of its creator, which is its fault handler too.
const SUPERVISOR: CPtr = CPtr(1);
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

/// A process that was created.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    tcb: Tcb,
    vspace: VSpace,
}

impl Process {
    /// Lets its thread run.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn start(self) -> Result<(), ResourceError> {
        Ok(self.tcb.resume()?)
    }

    /// Its address space.
    #[must_use]
    pub const fn vspace(self) -> VSpace {
        self.vspace
    }

    /// Its thread.
    #[must_use]
    pub const fn tcb(self) -> Tcb {
        self.tcb
    }
}
