//! The processes, and the capabilities that each of them has.

use rel4_abi::object::PAGE_BITS;
use rel4_abi::sched::MAX_PRIORITY;
use rel4_abi::{CPtr, CapRights, ObjectType, SlotRegion};
use rel4_runtime::address_space::{self, Access};
use rel4_runtime::cap::{Endpoint, Frame, IrqHandler, Notification};
use rel4_runtime::process::{self, CSpace, Entry, Grant, Process, ProcessSpec, Room, SUPERVISOR, Supervisor};
use rel4_runtime::resources::Resources;
use rel4_runtime::shared::SharedMemory;
use rel4_runtime::uintr::{self, Delivery, SenderPage};
use rel4_workloads::failure::Failure;
use rel4_workloads::root::Root;

use crate::alarm;
use crate::application;
use crate::bells::{self, FIRST_PEER, SECOND_PEER};
use crate::driver;
use crate::generator;
use crate::layout::Parts;
use crate::settings::{Ipc, Settings, Work};
use crate::stack;
use crate::stack::synchronous::{APPLICATION, CSPACE, CSPACE_BITS};

/// All run below the root task, which only waits.
const PRIORITY: u64 = MAX_PRIORITY - 1;

/// Badge of those who signal the stack: it says that there is something to look at, whoever says so.
const BY_NETWORK: u64 = 1;
const BY_APPLICATION: u64 = 1;
const BY_DEVICE: u64 = 1;

/// The application of the asynchronous version keeps the coroutines of all connections on its stack.
const COROUTINES_ROOM: Room = Room { stack_bytes: 112 * 1024, ..Room::ORDINARY };

/// A process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The network stack.
    Stack,
    /// The echo server.
    Application,
    /// The load generator.
    Generator,
    /// The network driver.
    Driver,
}

impl Role {
    const ALL: [Self; 4] = [Self::Stack, Self::Application, Self::Generator, Self::Driver];

    /// Its name in failures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stack => "stack",
            Self::Application => "application",
            Self::Generator => "generator",
            Self::Driver => "driver",
        }
    }

    /// Badge of its reports.
    const fn badge(self) -> u64 {
        match self {
            Self::Stack => 1,
            Self::Application => 2,
            Self::Generator => 3,
            Self::Driver => 4,
        }
    }
}

/// Who reports with `badge`.
#[must_use]
pub fn role(badge: u64) -> Option<Role> {
    Role::ALL.into_iter().find(|role| role.badge() == badge)
}

/// What the processes are made of.
#[derive(Clone, Copy, Debug)]
pub struct Cast<'a> {
    /// The parameters.
    pub settings: &'a Settings,
    /// What all are told at the start.
    pub arguments: [u64; 4],
    /// What is where in the shared memory.
    pub parts: Parts,
    /// The shared memory.
    pub shared: &'a SharedMemory,
    /// Where all report to.
    pub supervisor: Supervisor,
}

/// What was started.
#[derive(Clone, Copy, Debug)]
pub struct Started {
    /// The capabilities of the stack.
    pub stack: CSpace,
}

/// What wakes the processes, and the endpoint between two of them.
struct Bells {
    stack: Notification,
    application: Notification,
    network: Notification,
    service: Endpoint,
}

impl Cast<'_> {
    /// Makes and starts all processes.
    ///
    /// # Errors
    ///
    /// Those of making objects and mapping frames.
    pub fn start(&self, root: &mut Root) -> Result<Started, Failure> {
        let mut notification = || root.resources.make(ObjectType::Notification, 0).map(Notification);
        let (stack, application, network) = (notification()?, notification()?, notification()?);
        let service = Endpoint(root.resources.make(ObjectType::Endpoint, 0)?);
        let bells = Bells { stack, application, network, service };
        let stack = self.make_stack(root, &bells)?;
        let application = self.make_application(root, &bells)?;
        let network = match self.settings.work {
            Work::Load { .. } | Work::Churn { .. } => self.make_generator(root, &bells)?,
            Work::Serve { .. } => self.make_driver(root, &bells)?,
        };
        if bells::delivery(self.settings.ipc) == Delivery::InterruptFile {
            receive_interrupts(stack, bells.stack)?;
            receive_interrupts(application, bells.application)?;
            map_page(root, application, FIRST_PEER, bells.stack)?;
            map_page(root, network, FIRST_PEER, bells.stack)?;
            if matches!(self.settings.work, Work::Serve { .. }) {
                receive_interrupts(network, bells.network)?;
                map_page(root, stack, FIRST_PEER, bells.network)?;
            }
            map_page(root, stack, SECOND_PEER, bells.application)?;
        } else {
            stack.tcb().bind_notification(bells.stack)?;
        }
        stack.start()?;
        application.start()?;
        self.start_other_threads(root, application)?;
        network.start()?;
        Ok(Started { stack: stack.cspace() })
    }

    fn make_stack(&self, root: &mut Root, bells: &Bells) -> Result<Process, Failure> {
        let shared = self.shared.part(self.parts.of_stack());
        let clock = root.alarm_clock.ok_or(Failure::Check { name: "there_is_an_alarm_clock" })?;
        let alarm = make_interrupt(root, clock.irq, bells.stack)?;
        let grants = [
            own(bells.stack),
            signal(bells.network, 1),
            signal(bells.application, 1),
            Grant { source: bells.service.0, rights: CapRights::READ, badge: 0 },
            Grant { source: alarm.0, rights: CapRights::ALL, badge: 0 },
        ];
        let main = match self.settings.ipc {
            Ipc::Sync => stack::synchronous::main,
            Ipc::AsyncOverInterrupts | Ipc::AsyncOverKernel => stack::asynchronous::main,
        };
        let spec = ProcessSpec { main, ..self.spec(Role::Stack, 0, &grants, &shared) };
        let room = Room { cspace_radix_bits: CSPACE_BITS, ..Room::ORDINARY };
        let process = process::create_with_room(&mut root.resources, root.info, &spec, room)?;
        let cspace = process.cspace();
        let frame = root.resources.make_device_frame(clock.paddr)?;
        address_space::map(&mut root.resources, process.vspace(), frame, alarm::CLOCK, Access::Data)?;
        cspace.slot(CSPACE.word()).copy_from(Resources::slot(cspace.root().0), CapRights::ALL)?;
        Ok(process)
    }

    fn make_application(&self, root: &mut Root, bells: &Bells) -> Result<Process, Failure> {
        let shared = self.shared.part(self.parts.of_application());
        let grants = [
            own(bells.application),
            signal(bells.stack, BY_APPLICATION),
            // Unused: the grants have the same numbers in all processes.
            own(bells.application),
            Grant {
                source: bells.service.0,
                rights: CapRights::WRITE.union(CapRights::GRANT_REPLY),
                badge: APPLICATION,
            },
        ];
        let hart = self.settings.application_hart;
        let spec = self.spec(Role::Application, hart, &grants, &shared);
        let (spec, room) = match self.settings.ipc {
            Ipc::Sync => {
                let arguments = application::synchronous::arguments_of(0, self.arguments);
                (ProcessSpec { main: application::synchronous::main, arguments, ..spec }, Room::ORDINARY)
            }
            Ipc::AsyncOverInterrupts | Ipc::AsyncOverKernel => {
                (ProcessSpec { main: application::asynchronous::main, ..spec }, COROUTINES_ROOM)
            }
        };
        Ok(process::create_with_room(&mut root.resources, root.info, &spec, room)?)
    }

    /// Starts the threads of all connections but the first, in the synchronous version.
    fn start_other_threads(&self, root: &mut Root, application: Process) -> Result<(), Failure> {
        if self.settings.ipc != Ipc::Sync {
            return Ok(());
        }
        let shared = self.shared.part(self.parts.of_application());
        for number in 1..self.settings.connections {
            let thread = application.add_thread(&mut root.resources, number, SUPERVISOR)?;
            let tcb = thread.tcb();
            tcb.set_sched_params(Resources::TCB, 0, PRIORITY)?;
            if self.settings.application_hart != 0 {
                tcb.set_affinity(self.settings.application_hart)?;
            }
            let arguments = application::synchronous::arguments_of(number, self.arguments);
            let entry = Entry { main: application::synchronous::main, arguments, shared: Some(&shared) };
            thread.set_entry(&entry, root.info)?;
            tcb.resume()?;
        }
        Ok(())
    }

    fn make_generator(&self, root: &mut Root, bells: &Bells) -> Result<Process, Failure> {
        let shared = self.shared.part(self.parts.of_network());
        let grants = [own(bells.network), signal(bells.stack, BY_NETWORK)];
        let hart = self.settings.generator_hart;
        let spec =
            ProcessSpec { main: generator::main, ..self.spec(Role::Generator, hart, &grants, &shared) };
        Ok(process::create(&mut root.resources, root.info, &spec)?)
    }

    fn make_driver(&self, root: &mut Root, bells: &Bells) -> Result<Process, Failure> {
        let devices = root.virtio.into_iter().flatten();
        let found = driver::find(&mut root.resources, devices)?;
        let (card, registers) = found.ok_or(Failure::Check { name: "there_is_a_network_card" })?;
        let (dma, dma_paddr) = make_contiguous(root, driver::DMA_PAGES)?;
        let interrupt = make_interrupt(root, card.irq, bells.network)?;
        let shared = self.shared.part(self.parts.of_network());
        let grants = [
            own(bells.network),
            signal(bells.stack, BY_NETWORK),
            Grant { source: interrupt.0, rights: CapRights::ALL, badge: 0 },
        ];
        let arguments = driver::arguments_of(self.arguments, dma_paddr, card.paddr & ((1 << PAGE_BITS) - 1));
        let spec =
            ProcessSpec { main: driver::main, arguments, ..self.spec(Role::Driver, 0, &grants, &shared) };
        let process = process::create(&mut root.resources, root.info, &spec)?;
        let registers = root.resources.copy_frame(registers, CapRights::READ_WRITE)?;
        let (resources, vspace) = (&mut root.resources, process.vspace());
        address_space::map(resources, vspace, registers, driver::REGISTERS, Access::Data)?;
        address_space::map_range(resources, vspace, dma, driver::DMA_VADDR, Access::Data)?;
        Ok(process)
    }

    /// A process with everything but what it runs.
    const fn spec<'s>(
        &self,
        role: Role,
        hart: u64,
        grants: &'s [Grant],
        shared: &'s SharedMemory,
    ) -> ProcessSpec<'s> {
        ProcessSpec {
            main: generator::main,
            arguments: self.arguments,
            priority: PRIORITY,
            hart,
            supervisor: self.supervisor,
            badge: role.badge(),
            grants,
            shared: Some(shared),
        }
    }
}

const fn own(notification: Notification) -> Grant {
    Grant { source: notification.0, rights: CapRights::READ, badge: 0 }
}

const fn signal(notification: Notification, badge: u64) -> Grant {
    Grant { source: notification.0, rights: CapRights::WRITE, badge }
}

/// The interrupt `irq`, which signals `notification`.
fn make_interrupt(root: &mut Root, irq: u64, notification: Notification) -> Result<IrqHandler, Failure> {
    let resources = &mut root.resources;
    let (handler, signal) = (resources.take_slot()?, resources.take_slot()?);
    Resources::IRQ_CONTROL.issue(irq, Resources::slot(handler))?;
    let original = Resources::slot(notification.0);
    Resources::slot(signal).mint_badged_from(original, CapRights::WRITE, BY_DEVICE)?;
    IrqHandler(handler).set_notification(Notification(signal))?;
    Ok(IrqHandler(handler))
}

/// Makes frames for `pages` pages that follow each other in physical memory, and tells the address of the first.
fn make_contiguous(root: &mut Root, pages: usize) -> Result<(SlotRegion, u64), Failure> {
    // Frames of one untyped follow each other; at worst some are left over from one that had less room.
    for _ in 0..4 {
        let frames = root.resources.make_frames(pages as u64)?;
        let first = Frame(CPtr(frames.start)).physical_address()?;
        let mut expected = (first..).step_by(1 << PAGE_BITS);
        let mut addresses = (frames.start..frames.end).map(|slot| Frame(CPtr(slot)).physical_address());
        if addresses.all(|address| address.ok() == expected.next()) {
            return Ok((frames, first));
        }
    }
    Err(Failure::Check { name: "there_is_contiguous_memory" })
}

/// Makes `process` take `notification` as an interrupt of its own.
fn receive_interrupts(process: Process, notification: Notification) -> Result<(), Failure> {
    process.tcb().bind_notification(notification)?;
    // Asked for, so the way through the kernel is no substitute: it would be measured under the wrong name.
    if uintr::register(process.tcb(), notification)? != Delivery::InterruptFile {
        return Err(Failure::Check { name: "the_kernel_gives_an_interrupt_file" });
    }
    Ok(())
}

/// Lets `process` interrupt its peer number `peer`, who takes `notification`.
fn map_page(root: &mut Root, process: Process, peer: u64, notification: Notification) -> Result<(), Failure> {
    let address = SenderPage::address(bells::page(peer))
        .ok_or(Failure::Check { name: "there_is_room_for_sender_pages" })?;
    let slot = root.resources.take_slot()?;
    process.vspace().register_sender(notification, address, Resources::CNODE, slot.word())?;
    Ok(())
}
