//! [`Kernel`]: the state that is not in user-donated objects, shared and per hart.

use core::cell::Cell;
use core::mem::MaybeUninit;

use crate::arch;
use crate::config::MAX_HARTS;
use crate::domain::DomainSchedule;
use crate::irq::IrqTable;
use crate::lock::BigLock;
use crate::obj::Obj;
use crate::object::Tcb;
use crate::remote::Mailbox;
use crate::sched::{Action, ReadyQueues};
use crate::vm::AsidTable;

/// The kernel's own state. One per machine; tests on the host make their own.
///
/// What every system call uses stands at the beginning, where instructions reach it without computing an address first.
#[repr(C)]
pub struct Kernel {
    /// ASIDs and their address spaces.
    pub asids: AsidTable,
    /// Interrupt files and who owns them.
    #[cfg(feature = "uintr")]
    pub files: crate::uintr::FileTable,
    /// What the architecture has to remember.
    pub arch: arch::State,
    harts: [Hart; MAX_HARTS],
    /// Held by the hart that is in the kernel.
    pub lock: BigLock,
    /// What the holder of the lock asks of the other harts.
    pub mailbox: Mailbox,
    /// Which domain runs when.
    pub domains: DomainSchedule,
    /// Interrupt sources and who gets them.
    pub irqs: IrqTable,
    /// The log of kernel entries.
    #[cfg(feature = "benchmark")]
    pub log: crate::benchmark::log::Log,
    /// Threads with rings of asynchronous system calls, and the harts' doorbells.
    #[cfg(feature = "async-syscall")]
    pub doorbells: crate::async_syscall::Doorbells,
    /// The thread that everything else was made by.
    pub root_task: Obj<Tcb>,
    /// Every thread there is.
    #[cfg(feature = "debug")]
    pub threads: crate::object::ThreadList,
    /// Work done since the last look at pending interrupts.
    pub work_units: Cell<u64>,
}

/// State of one hart.
#[repr(C)]
pub struct Hart {
    /// The thread that runs, or the idle thread.
    pub current: Cell<Obj<Tcb>>,
    idle: Obj<Tcb>,
    /// What the scheduler has to do.
    pub action: Cell<Action>,
    /// The other runnable threads.
    pub ready: ReadyQueues,
    /// What this hart remembers of its measurements.
    #[cfg(feature = "benchmark")]
    pub benchmark: crate::benchmark::HartState,
    /// What the hart may translate through, now or out of its caches.
    #[cfg(feature = "smp")]
    pub seen: crate::vm::SeenSpaces,
}

impl Hart {
    /// The thread that stands for "nothing to run". It never executes: the kernel itself waits for interrupts.
    #[inline(always)]
    pub fn idle(&self) -> Obj<Tcb> {
        self.idle
    }
}

impl Kernel {
    /// Makes a kernel in which nothing runs, in place: as a value on the way it would not fit the kernel stack.
    #[allow(unsafe_code, reason = "initialises a large structure field by field")]
    pub fn init(
        place: &mut MaybeUninit<Self>,
        root_task: Obj<Tcb>,
        idle: [Obj<Tcb>; MAX_HARTS],
        arch: arch::State,
    ) -> &Self {
        let k = place.as_mut_ptr();
        // SAFETY: every field is written, each in place and before anything reads it.
        unsafe {
            for (index, idle) in idle.into_iter().enumerate() {
                let hart = &raw mut (*k).harts[index];
                (&raw mut (*hart).current).write(Cell::new(idle));
                (&raw mut (*hart).idle).write(idle);
                (&raw mut (*hart).action).write(Cell::new(Action::Keep));
                (&raw mut (*hart).ready).write(ReadyQueues::empty());
                #[cfg(feature = "benchmark")]
                (&raw mut (*hart).benchmark).write(crate::benchmark::HartState::new());
                #[cfg(feature = "smp")]
                (&raw mut (*hart).seen).write(crate::vm::SeenSpaces::none());
            }
            (&raw mut (*k).domains).write(DomainSchedule::new());
            (&raw mut (*k).asids).write(AsidTable::empty());
            (&raw mut (*k).irqs).write(IrqTable::empty());
            #[cfg(feature = "uintr")]
            (&raw mut (*k).files).write(crate::uintr::FileTable::empty());
            #[cfg(feature = "benchmark")]
            (&raw mut (*k).log).write(crate::benchmark::log::Log::none());
            #[cfg(feature = "async-syscall")]
            (&raw mut (*k).doorbells).write(crate::async_syscall::Doorbells::new());
            (&raw mut (*k).root_task).write(root_task);
            #[cfg(feature = "debug")]
            (&raw mut (*k).threads).write(crate::object::ThreadList::empty());
            (&raw mut (*k).work_units).write(Cell::new(0));
            (&raw mut (*k).lock).write(BigLock::new());
            (&raw mut (*k).mailbox).write(Mailbox::new());
            (&raw mut (*k).arch).write(arch);
            place.assume_init_ref()
        }
    }

    /// The hart that executes this.
    #[inline(always)]
    pub fn hart(&self) -> &Hart {
        &self.harts[arch::hart_index()]
    }

    /// All harts, by logical number.
    pub fn harts(&self) -> &[Hart; MAX_HARTS] {
        &self.harts
    }

    /// The hart that a thread runs on.
    #[inline(always)]
    pub fn home(&self, thread: Obj<Tcb>) -> &Hart {
        &self.harts[thread.affinity()]
    }

    /// The thread that runs on this hart.
    #[inline(always)]
    pub fn current(&self) -> Obj<Tcb> {
        self.hart().current.get()
    }
}
