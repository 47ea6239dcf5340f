//! Making, controlling and destroying threads.

use rel4_abi::{CNodeCapData, CPtr, ObjectType, UserContext};
use rel4_runtime::cap::{Frame, Spaces, Tcb, Untyped};
use rel4_runtime::resources::Resources;

use crate::bench::series::Overhead;
use crate::bench::session::{LOW, LOWEST, Session};
use crate::bench::window::stretch;
use crate::failure::Failure;

/// What the threads of a series are made of: so large that it does not have to be cleared in between.
const UNTYPED_BITS: u32 = 20;
/// The most cycles: twice that fits.
const MOST: u64 = 1 << (UNTYPED_BITS - rel4_abi::object::TCB_BITS - 2);

/// Measures the group.
pub(super) fn measure(session: &mut Session<'_>) -> Result<(), Failure> {
    let resources = &mut session.root.resources;
    let untyped = Untyped(resources.make(ObjectType::Untyped, UNTYPED_BITS)?);
    let (keeper, slot) = (resources.take_slot()?, resources.take_slot()?);
    let ipc_buffer = Frame(resources.make(ObjectType::Page, 0)?);
    let spaces = Spaces {
        fault_handler: CPtr::NULL,
        cspace: Resources::CNODE,
        cspace_guard: CNodeCapData::default(),
        vspace: Resources::VSPACE,
        ipc_buffer_vaddr: session.root.info.ipc_buffer,
        ipc_buffer,
    };
    let context = UserContext::default();
    let create = |tcb: Tcb| {
        untyped.retype(ObjectType::Tcb, 0, Resources::CNODE, tcb.0.word(), 1)?;
        tcb.configure(&spaces)?;
        tcb.set_sched_params(Resources::TCB, 0, LOW)?;
        tcb.write_registers(&context)
    };
    let overhead = Overhead::Empty;
    let tcb = Tcb(slot);
    // As long as there is one object in it, the untyped is not cleared.
    untyped.retype(ObjectType::Endpoint, 0, Resources::CNODE, keeper.word(), 1)?;
    session.alone(["thread_create", "thread_destroy"], overhead, session.effort.at_most(MOST), |session| {
        let (created, creation) = stretch(session.counter, || create(tcb));
        let (destroyed, destruction) = stretch(session.counter, || Resources::slot(slot).delete());
        created.and(destroyed)?;
        Ok([creation, destruction])
    })?;

    create(tcb)?;
    // The root task is above it: it becomes ready, and never runs.
    session.alone(["tcb_resume", "tcb_set_priority", "tcb_suspend"], overhead, session.effort, |session| {
        let (resumed, resume) = stretch(session.counter, || tcb.resume());
        let (set, set_priority) = stretch(session.counter, || tcb.set_priority(Resources::TCB, LOWEST));
        let (suspended, suspend) = stretch(session.counter, || tcb.suspend());
        resumed.and(set).and(suspended)?;
        tcb.set_priority(Resources::TCB, LOW)?;
        Ok([resume, set_priority, suspend])
    })?;
    session.alone(["tcb_write_registers", "tcb_read_registers"], overhead, session.effort, |session| {
        let (written, write) = stretch(session.counter, || tcb.write_registers(&context));
        let (registers, read) = stretch(session.counter, || tcb.suspend_and_read_registers());
        written?;
        let registers = registers?;
        if registers == context { Ok([write, read]) } else { Err(Failure::Check { name: "registers_as_written" }) }
    })
}

