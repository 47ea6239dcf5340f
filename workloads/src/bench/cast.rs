//! The threads that the microbenchmarks are played by: three in one address space, one in another. They are made once and started again
//! and again.

use rel4_abi::tcb::FLAG_FPU_DISABLED;
use rel4_abi::{BootInfo, CPtr, CapRights, ObjectType};
use rel4_runtime::cap::{CNode, IrqHandler, Notification, Slot, VSpace};
use rel4_runtime::process::{
    self, Entry, Grant, Process, ProcessMain, ProcessSpec, Report, ReportError, Supervisor, Thread,
};
use rel4_runtime::resources::{ResourceError, Resources};
use rel4_runtime::shared::SharedMemory;

use super::counter;
use crate::platform::AlarmClock;
use crate::root::Root;

/// To call and to send to; also where [`Actor::Faulter`] faults to.
pub(super) const SENDER: CPtr = process::granted(0);
/// To receive what is sent through [`SENDER`].
pub(super) const RECEIVER: CPtr = process::granted(1);
/// A notification, to signal and to wait for.
pub(super) const FIRST: CPtr = process::granted(2);
/// Another one.
pub(super) const SECOND: CPtr = process::granted(3);
/// A `CNode` of 2^[`LUGGAGE_RADIX_BITS`] slots for capabilities that messages bring.
pub(super) const LUGGAGE: CPtr = process::granted(4);
/// Slots of [`LUGGAGE`], as a power of two.
pub(super) const LUGGAGE_RADIX_BITS: u32 = 1;

/// The interrupt of the alarm clock, which signals [`FIRST`]; empty if there is no clock.
pub(super) const ALARM: CPtr = process::granted(5);

/// Badge of [`SENDER`], [`FIRST`] and [`SECOND`].
pub(super) const BADGE: u64 = 1;

/// Where a thread is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Actor {
    /// In the first address space.
    Near,
    /// In the address space of [`Actor::Near`].
    Beside,
    /// There too; what it faults goes to whoever receives from [`RECEIVER`].
    Faulter,
    /// In an address space of its own.
    Far,
}

/// Whether a thread may use floating-point registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Float {
    /// It may not.
    Disabled,
    /// It may.
    Enabled,
}

/// What a thread does in a play.
#[derive(Clone, Copy, Debug)]
pub(super) struct Role {
    pub(super) actor: Actor,
    pub(super) main: ProcessMain,
    pub(super) arguments: [u64; 4],
    pub(super) priority: u64,
    pub(super) hart: u64,
    pub(super) float: Float,
}

/// The threads and what they have in common with the root task.
pub(super) struct Cast {
    near: Process,
    beside: Thread,
    faulter: Thread,
    far: Process,
    supervisor: Supervisor,
    /// The originals of [`FIRST`] and [`SECOND`].
    notifications: [Notification; 2],
    shared: SharedMemory,
}

/// Badges of reports.
const NEAR: u64 = 1;
const FAR: u64 = 2;

impl Cast {
    /// Makes all threads. They share `shared`.
    pub(super) fn new(root: &mut Root, shared: SharedMemory) -> Result<Self, ResourceError> {
        let resources = &mut root.resources;
        let supervisor = Supervisor::new(resources)?;
        let service = resources.make(ObjectType::Endpoint, 0)?;
        let notifications =
            [resources.make(ObjectType::Notification, 0)?, resources.make(ObjectType::Notification, 0)?];
        let luggage = resources.make(ObjectType::CNode, LUGGAGE_RADIX_BITS)?;
        let alarm = match root.alarm_clock {
            Some(clock) => Some(issue_alarm(resources, clock, Notification(notifications[0]))?),
            None => None,
        };
        let send = CapRights::WRITE.union(CapRights::GRANT).union(CapRights::GRANT_REPLY);
        let grants = [
            Grant { source: service, rights: send, badge: BADGE },
            Grant { source: service, rights: CapRights::READ, badge: 0 },
            Grant { source: notifications[0], rights: CapRights::READ_WRITE, badge: BADGE },
            Grant { source: notifications[1], rights: CapRights::READ_WRITE, badge: BADGE },
            Grant { source: luggage, rights: CapRights::ALL, badge: 0 },
            Grant { source: alarm.map_or(luggage, |alarm| alarm.0), rights: CapRights::ALL, badge: 0 },
        ];
        let grants = if alarm.is_some() { &grants[..] } else { &grants[..grants.len() - 1] };
        let near = ProcessSpec {
            main: counter::probe,
            arguments: [0; 4],
            priority: 0,
            hart: 0,
            supervisor,
            badge: NEAR,
            grants,
            shared: Some(&shared),
        };
        let far = ProcessSpec { badge: FAR, ..near };
        let near = process::create(resources, root.info, &near)?;
        let far = process::create(resources, root.info, &far)?;
        Ok(Self {
            near,
            beside: near.add_thread(resources, 1, process::SUPERVISOR)?,
            faulter: near.add_thread(resources, 2, SENDER)?,
            far,
            supervisor,
            notifications: notifications.map(Notification),
            shared,
        })
    }

    /// What the root task and all threads see.
    pub(super) const fn shared(&self) -> &SharedMemory {
        &self.shared
    }

    /// Both address spaces.
    pub(super) const fn vspaces(&self) -> [VSpace; 2] {
        [self.near.vspace(), self.far.vspace()]
    }

    /// The original of [`FIRST`], in the root task.
    pub(super) const fn first_notification(&self) -> Notification {
        self.notifications[0]
    }

    /// Lets the threads of `roles` run, the last one first where priorities are equal, until one of them reports; then stops all of them.
    pub(super) fn perform(
        &self,
        info: &BootInfo,
        roles: &[Role],
    ) -> Result<(&'static str, Result<Report, ReportError>), ResourceError> {
        for role in roles {
            self.prepare(info, role)?;
        }
        // A thread that is resumed goes ahead of its equals.
        for role in roles {
            self.thread(role.actor).tcb().resume()?;
        }
        let (badge, report) = self.supervisor.receive();
        for role in roles {
            self.thread(role.actor).tcb().suspend()?;
        }
        // What was signalled and not waited for is no business of the next play.
        for notification in self.notifications {
            let _: u64 = notification.poll();
        }
        let process = match badge {
            NEAR => "near",
            FAR => "far",
            _ => "unknown",
        };
        Ok((process, report))
    }

    fn prepare(&self, info: &BootInfo, role: &Role) -> Result<(), ResourceError> {
        let thread = self.thread(role.actor);
        let tcb = thread.tcb();
        tcb.set_priority(Resources::TCB, role.priority)?;
        match role.float {
            Float::Disabled => tcb.set_flags(0, FLAG_FPU_DISABLED)?,
            Float::Enabled => tcb.set_flags(FLAG_FPU_DISABLED, 0)?,
        };
        if info.num_nodes > 1 {
            tcb.set_affinity(role.hart)?;
        }
        let Role { main, arguments, .. } = *role;
        thread.set_entry(&Entry { main, arguments, shared: Some(&self.shared) }, info)
    }

    const fn thread(&self, actor: Actor) -> Thread {
        match actor {
            Actor::Near => self.near.thread(),
            Actor::Beside => self.beside,
            Actor::Faulter => self.faulter,
            Actor::Far => self.far.thread(),
        }
    }
}

fn issue_alarm(
    resources: &mut Resources,
    clock: AlarmClock,
    notification: Notification,
) -> Result<IrqHandler, ResourceError> {
    let slot = resources.take_slot()?;
    Resources::IRQ_CONTROL.issue(clock.irq, Resources::slot(slot))?;
    let alarm = IrqHandler(slot);
    alarm.set_notification(notification)?;
    Ok(alarm)
}

/// The slot of [`LUGGAGE`] in which capabilities arrive.
pub(super) const fn luggage_slot() -> Slot {
    CNode(LUGGAGE).slot(0, LUGGAGE_RADIX_BITS)
}
