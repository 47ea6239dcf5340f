//! A memory server: clients ask it for pages, which it maps into their address space, and unmaps when they give them back.
//!
//! A sample is the instructions and the ticks that `batch` requests take while `concurrency` coroutines of the client each have one under way.
//! Each request is one system call of the server. Both sides use rings between each other and, as `by` says, the server makes its
//! system calls by traps or through rings; or they use synchronous IPC and traps, one request at a time.

mod client;
mod messages;
mod server;
mod settings;
mod synchronous;

use core::sync::atomic::Ordering;

use rel4_abi::sched::MAX_PRIORITY;
use rel4_abi::{CPtr, CapRights, ObjectType};
use rel4_runtime::address_space::{self, Access};
use rel4_runtime::async_syscall::{self, Rings};
use rel4_runtime::buffer;
use rel4_runtime::cap::{Endpoint, Frame, Notification};
use rel4_runtime::process::{self, Grant, Process, ProcessMain, ProcessSpec, Report, Room};
use rel4_runtime::resources::Resources;
use rel4_runtime::shared::SharedMemory;

use self::settings::{Settings, Way};
use crate::changing_page;
use crate::failure::{self, Failure};
use crate::ipc_pingpong::results::Results;
use crate::pair;
use crate::parameters::Parameters;
use crate::root::Root;

/// The workload's name.
pub const NAME: &str = "memory-server";

/// Requests under way at a time, at most; also the pages that the server has, one for each.
const CAPACITY: usize = 256;
/// The channel between the two.
type Channel<'m> = rel4_runtime::channel::Channel<'m, CAPACITY>;
/// Where the results are in the memory that both share with the root task.
const RESULTS: usize = Channel::WORDS;

/// The server has many pages, and both have many requests under way, whose state is on the stack.
const SERVER_ROOM: Room = Room { cspace_radix_bits: 9, stack_bytes: 256 * 1024 };
const CLIENT_ROOM: Room = Room { stack_bytes: 512 * 1024, ..Room::ORDINARY };
/// Where the server finds the client's address space.
const VSPACE: CPtr = CPtr(8);
/// Where the server finds its first page.
const FIRST_FRAME: u64 = 16;

const PRIORITY: u64 = MAX_PRIORITY - 1;
const SERVER_BADGE: u64 = 1;
const CLIENT_BADGE: u64 = 2;

/// Runs the workload.
///
/// # Errors
///
/// Whatever goes wrong.
pub fn run(root: &mut Root, parameters: &Parameters<'_>) -> Result<(), Failure> {
    let settings = Settings::from_parameters(parameters)?;
    root.begin(NAME, parameters)?;
    let shared = SharedMemory::new(&mut root.resources, RESULTS + Results::words(settings.rounds))?;
    let supervisor = Endpoint(root.resources.make(ObjectType::Endpoint, 0)?);
    match settings.way {
        Way::Synchronous => start_synchronous(root, &settings, &shared, supervisor)?,
        Way::Trap | Way::Ring => start_asynchronous(root, &settings, &shared, supervisor)?,
    }
    let (badge, report) = Report::receive(supervisor);
    let name = if badge == SERVER_BADGE { "server" } else { "client" };
    let [wrong, ..] = failure::unless_finished(name, report)?;
    if wrong != 0 {
        return Err(Failure::WrongAnswer { differences: wrong });
    }
    let copy = buffer::words(&mut root.resources, settings.rounds as usize)?;
    for (metric, unit, samples) in Results::new(&shared.words()[RESULTS..]).metrics() {
        for (word, sample) in copy.iter_mut().zip(samples) {
            *word = sample.load(Ordering::Relaxed);
        }
        root.records.samples(metric, unit, copy)?;
    }
    Ok(())
}

/// Client and server, with the programs, capabilities and whatever else is common to all ways.
struct Both<'a> {
    settings: &'a Settings,
    shared: &'a SharedMemory,
    supervisor: Endpoint,
    programs: [ProcessMain; 2],
    grants: [&'a [Grant]; 2],
}

/// Makes server and client, and gives the server its pages and the client's address space.
fn create(root: &mut Root, both: &Both<'_>) -> Result<[Process; 2], Failure> {
    let server = ProcessSpec {
        main: both.programs[0],
        arguments: both.settings.arguments(),
        priority: PRIORITY,
        hart: both.settings.server_hart,
        supervisor: both.supervisor,
        badge: SERVER_BADGE,
        grants: both.grants[0],
        shared: Some(both.shared),
    };
    let client = ProcessSpec {
        main: both.programs[1],
        hart: 0,
        badge: CLIENT_BADGE,
        grants: both.grants[1],
        ..server
    };
    let resources = &mut root.resources;
    let server = process::create_with_room(resources, root.info, &server, SERVER_ROOM)?;
    let client = process::create_with_room(resources, root.info, &client, CLIENT_ROOM)?;
    server.slot(VSPACE).copy_from(Resources::slot(client.vspace().0), CapRights::ALL)?;
    for index in 0..CAPACITY as u64 {
        let frame = Frame(resources.make(ObjectType::Page, 0)?);
        if index == 0 {
            // Makes the page tables.
            let vaddr = changing_page::address(index);
            address_space::map(resources, client.vspace(), frame, vaddr, Access::Data)?;
            frame.unmap()?;
        }
        server.slot(CPtr(FIRST_FRAME + index)).copy_from(Resources::slot(frame.0), CapRights::ALL)?;
    }
    Ok([server, client])
}

fn start_synchronous(
    root: &mut Root,
    settings: &Settings,
    shared: &SharedMemory,
    supervisor: Endpoint,
) -> Result<(), Failure> {
    let service = Endpoint(root.resources.make(ObjectType::Endpoint, 0)?);
    let rights = CapRights::WRITE.union(CapRights::GRANT_REPLY);
    let both = Both {
        settings,
        shared,
        supervisor,
        programs: [synchronous::server, synchronous::client],
        grants: [
            &[Grant { source: service.0, rights: CapRights::READ, badge: 0 }],
            &[Grant { source: service.0, rights, badge: 0 }],
        ],
    };
    for process in create(root, &both)? {
        process.start()?;
    }
    Ok(())
}

fn start_asynchronous(
    root: &mut Root,
    settings: &Settings,
    shared: &SharedMemory,
    supervisor: Endpoint,
) -> Result<(), Failure> {
    let to_server = Notification(root.resources.make(ObjectType::Notification, 0)?);
    let to_client = Notification(root.resources.make(ObjectType::Notification, 0)?);
    let own = |own: Notification| Grant { source: own.0, rights: CapRights::READ, badge: 0 };
    let both = Both {
        settings,
        shared,
        supervisor,
        programs: [server::main, client::main],
        grants: [&[own(to_server)], &[own(to_client)]],
    };
    let [server, client] = create(root, &both)?;
    pair::connect(root, to_server, server, client)?;
    pair::connect(root, to_client, client, server)?;
    if settings.way == Way::Ring {
        let badged = root.resources.take_slot()?;
        Resources::slot(badged).mint_badged_from(Resources::slot(to_server.0), CapRights::WRITE, 1)?;
        let rings = async_syscall::set_up(&mut root.resources, server, Notification(badged), CAPACITY)?;
        // Asked for, so traps are no substitute: they would be measured under the wrong name.
        if rings != Rings::Registered {
            return Err(Failure::Check { name: "the_kernel_takes_rings" });
        }
        if settings.has_helper {
            async_syscall::map_doorbell(&mut root.resources, server, settings.helper_hart)?;
        }
    }
    server.start()?;
    client.start()?;
    Ok(())
}
