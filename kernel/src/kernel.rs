//! [`Kernel`]: the state that is not in user-donated objects, shared and per hart.

use core::cell::Cell;

use crate::arch;
use crate::config::MAX_HARTS;
use crate::domain::DomainSchedule;
use crate::irq::IrqTable;
use crate::obj::Obj;
use crate::object::Tcb;
use crate::sched::{Action, ReadyQueues};
use crate::vm::AsidTable;

/// The kernel's own state. One per machine; tests on the host make their own.
pub struct Kernel {
    harts: [Hart; MAX_HARTS],
    /// Which domain runs when.
    pub domains: DomainSchedule,
    /// ASIDs and their address spaces.
    pub asids: AsidTable,
    /// Interrupt sources and who gets them.
    pub irqs: IrqTable,
    /// Work done since the last look at pending interrupts.
    pub work_units: Cell<u64>,
    /// What the architecture has to remember.
    pub arch: arch::State,
}

/// State of one hart.
pub struct Hart {
    /// The thread that runs, or the idle thread.
    pub current: Cell<Obj<Tcb>>,
    idle: Obj<Tcb>,
    /// What the scheduler has to do.
    pub action: Cell<Action>,
    /// The other runnable threads.
    pub ready: ReadyQueues,
}

impl Hart {
    /// The thread that stands for "nothing to run". It never executes: the kernel itself waits for interrupts.
    #[inline(always)]
    pub fn idle(&self) -> Obj<Tcb> {
        self.idle
    }
}

impl Kernel {
    /// A kernel in which nothing runs.
    pub fn new(idle: [Obj<Tcb>; MAX_HARTS], arch: arch::State) -> Self {
        Self {
            harts: idle.map(|idle| Hart {
                current: Cell::new(idle),
                idle,
                action: Cell::new(Action::Keep),
                ready: ReadyQueues::empty(),
            }),
            domains: DomainSchedule::new(),
            asids: AsidTable::empty(),
            irqs: IrqTable::empty(),
            work_units: Cell::new(0),
            arch,
        }
    }

    /// The hart that executes this.
    #[inline(always)]
    pub fn hart(&self) -> &Hart {
        &self.harts[0]
    }

    /// The thread that runs on this hart.
    #[inline(always)]
    pub fn current(&self) -> Obj<Tcb> {
        self.hart().current.get()
    }
}
