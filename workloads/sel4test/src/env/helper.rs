//! Helpers: threads of the test's own address space, or of an address space of their own.

use rel4_abi::object::PAGE_BITS;
use rel4_abi::{CNodeCapData, CPtr, CapRights, SlotRegion};
use rel4_runtime::address_space::{self, Access};
use rel4_runtime::cap::{AsidPool, CNode, Endpoint, Frame, Spaces, Tcb, VSpace};
use rel4_runtime::error::Error;
use rel4_runtime::resources::{ResourceError, Resources};

use super::{Arena, Contents, Env, HELPER_PRIORITY, ProcessPlan, Resident, build, initial_context};
use crate::cspace;
use crate::report::{GivenUp, Outcome, Verdict};

/// What a helper runs. Its value is what [`Helper::join`] gives.
pub type HelperMain = fn([u64; 4]) -> Outcome<u64>;

/// Pages of a helper thread's stack. The page below is never mapped, so that an overflow faults.
const STACK_PAGES: u64 = 4;
const PAGE_BYTES: u64 = 1 << PAGE_BITS;

/// A helper.
#[derive(Debug)]
pub struct Helper {
    tcb: Tcb,
    cspace: CNode,
    vspace: VSpace,
    /// Where it reports that it is done: as the test, and as the helper itself knows the endpoint.
    done: Endpoint,
    done_inside: CPtr,
    stack_top: u64,
    ipc_buffer: Frame,
    ipc_buffer_vaddr: u64,
    /// Of a process only.
    own: Option<Own>,
}

/// What a helper process has for itself.
#[derive(Debug)]
struct Own {
    arena: Arena,
    /// Empty slots of its `CSpace`.
    free: SlotRegion,
}

impl Env {
    /// A thread in the address space and `CSpace` of the test. It does not run yet. Its faults go to the driver, and end
    /// the test.
    ///
    /// # Errors
    ///
    /// Those of making objects and mapping frames.
    pub fn thread(&mut self) -> Result<Helper, ResourceError> {
        let done = self.endpoint()?;
        let tcb = self.tcb()?;
        let guard_and_stack = self.resources.reserve_window(1 + STACK_PAGES);
        let stack = self.resources.make_frames(STACK_PAGES)?;
        let stack_vaddr = guard_and_stack + PAGE_BYTES;
        let vspace = Resources::VSPACE;
        address_space::map_range(&mut self.resources, vspace, stack, stack_vaddr, Access::Data)?;
        let ipc_buffer_vaddr = self.resources.reserve_window(1);
        let ipc_buffer = self.frame()?;
        address_space::map(&mut self.resources, vspace, ipc_buffer, ipc_buffer_vaddr, Access::Data)?;
        tcb.configure(&Spaces {
            fault_handler: self.supervisor.0,
            cspace: cspace::CNODE,
            cspace_guard: CNodeCapData::default(),
            vspace,
            ipc_buffer_vaddr,
            ipc_buffer,
        })?;
        tcb.set_sched_params(cspace::TCB, HELPER_PRIORITY, HELPER_PRIORITY)?;
        Ok(Helper {
            tcb,
            cspace: cspace::CNODE,
            vspace,
            done,
            done_inside: done.0,
            stack_top: stack_vaddr + STACK_PAGES * PAGE_BYTES,
            ipc_buffer,
            ipc_buffer_vaddr,
            own: None,
        })
    }

    /// A process: a thread with an address space and a `CSpace` of its own. It has the program of the test and a copy of
    /// its variables as they are now; what one writes afterwards the other does not see. It does not run yet.
    ///
    /// # Errors
    ///
    /// Those of making objects and mapping frames.
    pub fn process(&mut self) -> Result<Helper, ResourceError> {
        self.process_with_asid_from(Resources::ASID_POOL)
    }

    /// As [`Env::process`], with an address space whose ASID is from `asid_pool`.
    ///
    /// # Errors
    ///
    /// Those of [`Env::process`].
    pub fn process_with_asid_from(&mut self, asid_pool: AsidPool) -> Result<Helper, ResourceError> {
        let done = self.endpoint()?;
        let arena = match self.spare.take() {
            Some(arena) => arena,
            None => Arena::new(&mut self.resources)?,
        };
        let residents =
            [Resident::copy(cspace::SUPERVISOR.0, self.supervisor.0), Resident::copy(cspace::DONE.0, done.0)];
        let plan = ProcessPlan {
            asid_pool,
            image_frames: self.image_frames,
            contents: Contents::CopyOfOwn,
            residents: &residents,
            max_controlled_priority: HELPER_PRIORITY,
            priority: HELPER_PRIORITY,
        };
        let built = build(&mut arena.resources(), &plan)?;
        Ok(Helper {
            tcb: built.tcb,
            cspace: built.cspace,
            vspace: built.vspace,
            done,
            done_inside: cspace::DONE.0,
            stack_top: built.stack_top,
            ipc_buffer: built.ipc_buffer,
            ipc_buffer_vaddr: built.ipc_buffer_vaddr,
            own: Some(Own { arena, free: built.free }),
        })
    }

    /// Destroys a helper, whatever it is doing.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn destroy(&mut self, helper: Helper) -> Result<(), ResourceError> {
        match helper.own {
            None => cspace::slot(helper.tcb.0).delete()?,
            Some(own) => {
                own.arena.clear()?;
                self.spare = Some(own.arena);
            }
        }
        Ok(())
    }
}

impl Helper {
    /// Its thread.
    #[must_use]
    pub const fn tcb(&self) -> Tcb {
        self.tcb
    }

    /// Root of its `CSpace`.
    #[must_use]
    pub const fn cspace(&self) -> CNode {
        self.cspace
    }

    /// Its address space.
    #[must_use]
    pub const fn vspace(&self) -> VSpace {
        self.vspace
    }

    /// The frame of its IPC buffer.
    #[must_use]
    pub const fn ipc_buffer(&self) -> Frame {
        self.ipc_buffer
    }

    /// The address of its IPC buffer in its address space.
    #[must_use]
    pub const fn ipc_buffer_vaddr(&self) -> u64 {
        self.ipc_buffer_vaddr
    }

    /// Gives it another priority.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn set_priority(&self, priority: u64) -> Result<(), Error> {
        self.tcb.set_priority(cspace::TCB, priority)
    }

    /// Lets it use the capability at `cptr` of the test, and tells the address that it has for the helper.
    ///
    /// # Errors
    ///
    /// [`ResourceError::OutOfSlots`], or the kernel's.
    pub fn give(&mut self, cptr: CPtr) -> Result<CPtr, ResourceError> {
        let Some(own) = &mut self.own else { return Ok(cptr) };
        let slot = CPtr(own.free.start);
        if own.free.is_empty() {
            return Err(ResourceError::OutOfSlots);
        }
        own.free.start += 1;
        let target = self.cspace.slot(slot.word(), cspace::PROCESS_RADIX_BITS);
        target.copy_from(cspace::slot(cptr), CapRights::ALL)?;
        Ok(slot)
    }

    /// Makes its faults go to the endpoint that has the address `handler` for the helper, instead of to the driver.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn set_fault_handler(&self, handler: CPtr) -> Result<(), Error> {
        let guard = match self.own {
            // The root of the test's `CSpace` has its guard.
            None => CNodeCapData::default(),
            Some(_) => CNodeCapData::fill(cspace::PROCESS_RADIX_BITS),
        };
        self.tcb.set_space(handler, self.cspace, guard, self.vspace)
    }

    /// Makes it run `main` with `arguments`, from the beginning.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn start(&self, main: HelperMain, arguments: [u64; 4]) -> Result<(), Error> {
        let context =
            initial_context(main, arguments, self.done_inside, self.stack_top, self.ipc_buffer_vaddr);
        self.tcb.write_registers_and_resume(&context)
    }

    /// Waits until it is done, and gives its value.
    ///
    /// # Errors
    ///
    /// It ended early; why has been printed.
    pub fn join(&self) -> Outcome<u64> {
        let message = self.done.recv();
        if message.words[0] == Verdict::Finished as u64 { Ok(message.words[1]) } else { Err(GivenUp) }
    }
}
