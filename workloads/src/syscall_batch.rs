//! What a system call costs by a trap, and through the rings that a thread shares with the kernel, by how many are made at a time.
//!
//! A sample is `batch` calls of one process, in groups of `together`. Calls that do something come in pairs that undo each other: a group of one
//! kind, then a group of the other.

mod caller;
mod calls;
mod settings;

use core::sync::atomic::Ordering;

use rel4_abi::object::PAGE_BITS;
use rel4_abi::sched::MAX_PRIORITY;
use rel4_abi::{CPtr, CapRights, ObjectType};
use rel4_runtime::address_space::{self, Access};
use rel4_runtime::async_syscall::{self, Rings};
use rel4_runtime::buffer;
use rel4_runtime::cap::{Endpoint, Frame, Notification};
use rel4_runtime::process::{self, Grant, Process, ProcessSpec, Report, Room};
use rel4_runtime::resources::Resources;
use rel4_runtime::shared::SharedMemory;
use rel4_runtime::uintr::{self, Delivery};

use self::settings::{Settings, Way};
use crate::changing_page;
use crate::failure::{self, Failure};
use crate::ipc_pingpong::results::Results;
use crate::parameters::Parameters;
use crate::root::Root;

/// The workload's name.
pub const NAME: &str = "syscall-batch";

/// Slots of the process's `CSpace`, as a power of two.
const CSPACE_BITS: u32 = 8;
/// Items in each ring.
const CAPACITY: usize = 64;
/// Calls at a time, at most.
const MAX_TOGETHER: usize = 32;
const PRIORITY: u64 = MAX_PRIORITY - 1;

/// What the process finds in its `CSpace`.
mod slots {
    use rel4_abi::CPtr;

    /// The notification that nobody waits for, badged.
    pub(super) const SPARE: u64 = 1;
    pub(super) const VSPACE: CPtr = CPtr(8);
    pub(super) const CSPACE: CPtr = CPtr(9);
    pub(super) const UNTYPED: CPtr = CPtr(10);
    pub(super) const FIRST_FRAME: u64 = 16;
    /// From here on slots are empty.
    pub(super) const FIRST_FREE: u64 = 64;
}

/// Runs the workload.
///
/// # Errors
///
/// Whatever goes wrong.
pub fn run(root: &mut Root, parameters: &Parameters<'_>) -> Result<(), Failure> {
    let settings = Settings::from_parameters(parameters)?;
    root.begin(NAME, parameters)?;
    let shared = SharedMemory::new(&mut root.resources, Results::words(settings.rounds))?;
    let supervisor = Endpoint(root.resources.make(ObjectType::Endpoint, 0)?);
    let process = create(root, &settings, &shared, supervisor)?;
    process.start()?;
    let (_, report) = Report::receive(supervisor);
    let [wrong, ..] = failure::unless_finished("caller", report)?;
    if wrong != 0 {
        return Err(Failure::WrongAnswer { differences: wrong });
    }
    let copy = buffer::words(&mut root.resources, settings.rounds as usize)?;
    for (metric, unit, samples) in Results::new(shared.words()).metrics() {
        for (word, sample) in copy.iter_mut().zip(samples) {
            *word = sample.load(Ordering::Relaxed);
        }
        root.records.samples(metric, unit, copy)?;
    }
    Ok(())
}

fn create(
    root: &mut Root,
    settings: &Settings,
    shared: &SharedMemory,
    supervisor: Endpoint,
) -> Result<Process, Failure> {
    let own = Notification(root.resources.make(ObjectType::Notification, 0)?);
    let spare = Notification(root.resources.make(ObjectType::Notification, 0)?);
    let spec = ProcessSpec {
        main: caller::main,
        arguments: settings.arguments(),
        priority: PRIORITY,
        hart: 0,
        supervisor,
        badge: 1,
        grants: &[
            Grant { source: own.0, rights: CapRights::READ, badge: 0 },
            Grant { source: spare.0, rights: CapRights::WRITE, badge: 1 },
        ],
        shared: Some(shared),
    };
    let resources = &mut root.resources;
    let room = Room { cspace_radix_bits: CSPACE_BITS, ..Room::ORDINARY };
    let process = process::create_with_room(resources, root.info, &spec, room)?;
    give_objects(resources, process)?;
    if settings.way == Way::Ring {
        process.tcb().bind_notification(own)?;
        if uintr::register(process.tcb(), own)? != Delivery::InterruptFile {
            return Err(Failure::Check { name: "the_kernel_gives_an_interrupt_file" });
        }
        let badged = resources.take_slot()?;
        Resources::slot(badged).mint_badged_from(Resources::slot(own.0), CapRights::WRITE, 1)?;
        // Asked for, so traps are no substitute: they would be measured under the wrong name.
        if async_syscall::set_up(resources, process, Notification(badged), CAPACITY)? != Rings::Registered {
            return Err(Failure::Check { name: "the_kernel_takes_rings" });
        }
        if settings.has_helper {
            async_syscall::map_doorbell(resources, process, settings.helper_hart)?;
        }
    }
    Ok(process)
}

/// Gives the process what its calls are about.
fn give_objects(resources: &mut Resources, process: Process) -> Result<(), Failure> {
    let untyped = resources.make(ObjectType::Untyped, PAGE_BITS)?;
    for (to, from) in
        [(slots::VSPACE, process.vspace().0), (slots::CSPACE, process.cspace().0), (slots::UNTYPED, untyped)]
    {
        process.slot(to).copy_from(Resources::slot(from), CapRights::ALL)?;
    }
    for index in 0..MAX_TOGETHER as u64 {
        let frame = Frame(resources.make(ObjectType::Page, 0)?);
        if index == 0 {
            // Makes the page tables.
            let vaddr = changing_page::address(index);
            address_space::map(resources, process.vspace(), frame, vaddr, Access::Data)?;
            frame.unmap()?;
        }
        process.slot(CPtr(slots::FIRST_FRAME + index)).copy_from(Resources::slot(frame.0), CapRights::ALL)?;
    }
    Ok(())
}
