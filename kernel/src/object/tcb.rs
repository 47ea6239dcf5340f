//! [`Tcb`]: a thread, its state, and the operations that change the state.

use core::cell::Cell;

use super::{CNode, Endpoint, Notification};
use crate::arch::{Context, FpuState, ModeState};
use crate::cap::slot::Slot;
use crate::cap::{Cap, ReplyCap, derivation};
use crate::config::MAX_HARTS;
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::sched;

/// Slots at the start of a TCB; a power of two, so that they are a CNode of their own while the thread is deleted.
const TCB_SLOTS: usize = 1 << TCB_SLOTS_RADIX;
const TCB_SLOTS_RADIX: u8 = 3;
/// How many of them are used.
pub const TCB_SLOTS_IN_USE: u64 = if cfg!(feature = "async-syscall") { 7 } else { 5 };

const CSPACE_ROOT: usize = 0;
const VSPACE_ROOT: usize = 1;
const REPLY_MASTER: usize = 2;
const CALLER: usize = 3;
const BUFFER: usize = 4;
#[cfg(feature = "async-syscall")]
const RING_FRAME: usize = 5;
#[cfg(feature = "async-syscall")]
const RING_NOTIFICATION: usize = 6;

/// A thread control block: 2 KiB.
#[repr(C, align(2048))]
pub struct Tcb {
    slots: [Slot; TCB_SLOTS],
    /// Integer registers and program counters.
    pub context: Context,
    /// Floating-point registers, while another thread owns the hardware ones.
    pub fpu: FpuState,
    /// Processor state beyond the registers, while another thread runs.
    pub mode_state: ModeState,
    state: Cell<ThreadState>,
    /// The fault that a message to the fault handler is, or will be, about.
    pub fault: Cell<Option<Fault>>,
    bound_notification: Cell<Option<Obj<Notification>>>,
    /// Rings of asynchronous system calls.
    #[cfg(feature = "async-syscall")]
    pub ring: crate::async_syscall::RingState,
    /// Capability address of the fault handler, in the thread's own CSpace.
    pub fault_handler: Cell<u64>,
    /// Virtual address of the IPC buffer; 0 is none.
    pub ipc_buffer: Cell<u64>,
    /// Flags of `TCB_SetFlags`.
    pub flags: Cell<u64>,
    /// Ticks left of the time slice.
    pub time_slice: Cell<u32>,
    /// Scheduling priority.
    pub priority: Cell<u8>,
    /// Highest priority this thread may give to another.
    pub max_controlled_priority: Cell<u8>,
    /// Scheduling domain.
    pub domain: Cell<u8>,
    /// The hart that the thread runs on.
    affinity: Cell<u8>,
    /// Whether the thread stands in a ready queue.
    pub(crate) queued: Cell<bool>,
    pub(crate) ready_links: Links,
    pub(crate) wait_links: Links,
    /// What the thread has used.
    #[cfg(feature = "benchmark")]
    pub utilisation: crate::benchmark::utilisation::Utilisation,
    #[cfg(feature = "debug")]
    pub(super) list_links: Links,
    #[cfg(feature = "debug")]
    name: Cell<ThreadName>,
}

const _: () = assert!(size_of::<Tcb>() == 1 << rel4_abi::object::TCB_BITS);

/// Neighbours in a doubly linked queue.
#[derive(Default)]
pub(crate) struct Links {
    pub(crate) previous: Cell<Option<Obj<Tcb>>>,
    pub(crate) next: Cell<Option<Obj<Tcb>>>,
}

#[cfg(test)]
impl Links {
    pub(crate) fn get(&self) -> [Option<Obj<Tcb>>; 2] {
        [self.previous.get(), self.next.get()]
    }
}

/// What a thread is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub enum ThreadState {
    /// Not started, suspended, or dead after a fault without a handler.
    Inactive = 0,
    /// Executing user code, or ready to.
    Running = 1,
    /// Will execute its last instruction again: started anew, or inside a system call.
    Restart = 2,
    /// Waits for a message.
    BlockedOnReceive {
        /// Where.
        endpoint: Obj<Endpoint>,
        /// Whether the reply may carry capabilities.
        can_grant: bool,
    } = 3,
    /// Waits for a receiver of its message.
    BlockedOnSend(PendingSend) = 4,
    /// Waits for the answer to a Call.
    BlockedOnReply = 5,
    /// Waits for a signal.
    BlockedOnNotification(Obj<Notification>) = 6,
}

/// What was fixed when a sender blocked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PendingSend {
    /// Where.
    pub endpoint: Obj<Endpoint>,
    /// Badge of the capability used.
    pub badge: u64,
    /// The capability allowed to send capabilities.
    pub can_grant: bool,
    /// The capability allowed to send a reply capability.
    pub can_grant_reply: bool,
    /// The sender wants an answer.
    pub is_call: bool,
}

/// A thread's name for debug output, NUL-padded.
#[cfg(feature = "debug")]
pub type ThreadName = [u8; 64];

impl Tcb {
    fn slot(tcb: Obj<Self>, index: usize) -> Obj<Slot> {
        tcb.project(|tcb| &tcb.slots[index])
    }

    /// The addresses of bytes that mean nothing at times: of a state without payload, of links while in no queue.
    #[cfg(test)]
    pub(crate) fn bytes_without_meaning(tcb: Obj<Self>) -> [core::ops::Range<usize>; 3] {
        fn bytes<T>(field: &T) -> core::ops::Range<usize> {
            let start = core::ptr::from_ref(field).addr();
            start..start + size_of::<T>()
        }
        [bytes(&tcb.state), bytes(&tcb.ready_links), bytes(&tcb.wait_links)]
    }

    /// All slots, as the CNode that a dying thread becomes.
    #[allow(unsafe_code, reason = "names the slots inside the TCB as a CNode")]
    pub fn slots(tcb: Obj<Self>) -> CNode {
        // SAFETY: the array has 2^TCB_SLOTS_RADIX slots.
        unsafe { CNode::from_parts(Self::slot(tcb, 0), TCB_SLOTS_RADIX) }
    }
}

impl Obj<Tcb> {
    /// The root of the capability space.
    #[inline(always)]
    pub fn cspace_root(self) -> Obj<Slot> {
        Tcb::slot(self, CSPACE_ROOT)
    }

    /// The root of the address space.
    #[inline(always)]
    pub fn vspace_root(self) -> Obj<Slot> {
        Tcb::slot(self, VSPACE_ROOT)
    }

    /// The hidden original of all reply capabilities to this thread.
    #[inline(always)]
    pub fn reply_master(self) -> Obj<Slot> {
        Tcb::slot(self, REPLY_MASTER)
    }

    /// The reply capability to the thread that this one received a Call from.
    #[inline(always)]
    pub fn caller_slot(self) -> Obj<Slot> {
        Tcb::slot(self, CALLER)
    }

    /// The frame of the IPC buffer.
    #[inline(always)]
    pub fn buffer_slot(self) -> Obj<Slot> {
        Tcb::slot(self, BUFFER)
    }

    /// The frame of the rings of asynchronous system calls.
    #[cfg(feature = "async-syscall")]
    #[inline(always)]
    pub fn ring_frame_slot(self) -> Obj<Slot> {
        Tcb::slot(self, RING_FRAME)
    }

    /// The notification for completions of asynchronous system calls.
    #[cfg(feature = "async-syscall")]
    #[inline(always)]
    pub fn ring_notification_slot(self) -> Obj<Slot> {
        Tcb::slot(self, RING_NOTIFICATION)
    }

    /// What the thread is doing.
    #[inline(always)]
    pub fn state(self) -> ThreadState {
        self.state.get()
    }

    /// Changes the state. If that stops the current thread, the scheduler has to choose.
    #[inline(always)]
    pub fn set_state(self, k: &Kernel, state: ThreadState) {
        self.state.set(state);
        sched::state_changed(k, self);
    }

    /// Changes the state without a note for the scheduler: the caller sees to what runs next.
    #[inline(always)]
    pub fn set_state_only(self, state: ThreadState) {
        self.state.set(state);
    }

    /// Whether the thread can be scheduled.
    #[inline(always)]
    pub fn is_runnable(self) -> bool {
        matches!(self.state.get(), ThreadState::Running | ThreadState::Restart)
    }

    /// The notification bound to the thread.
    #[inline(always)]
    pub fn bound_notification(self) -> Option<Obj<Notification>> {
        self.bound_notification.get()
    }

    pub(super) fn set_bound_notification(self, notification: Option<Obj<Notification>>) {
        self.bound_notification.set(notification);
    }

    /// Logical number of the hart that the thread runs on.
    #[inline(always)]
    pub fn affinity(self) -> usize {
        // With one hart the index is known, and no bounds check remains.
        if MAX_HARTS == 1 { 0 } else { usize::from(self.affinity.get()) }
    }

    /// Sets the hart that the thread runs on; it must not stand in a queue.
    pub fn set_affinity(self, hart: usize) {
        self.affinity.set(hart as u8);
    }

    /// The thread's name, without padding.
    #[cfg(feature = "debug")]
    pub fn name(self) -> DebugName {
        DebugName(self.name.get())
    }

    /// Names the thread; what does not fit is cut off.
    #[cfg(feature = "debug")]
    pub fn set_name(self, bytes: impl IntoIterator<Item = u8>) {
        let mut name = [0; 64];
        for (to, from) in name.iter_mut().zip(bytes) {
            *to = from;
        }
        self.name.set(name);
    }
}

/// A thread name that prints without its padding.
#[cfg(feature = "debug")]
#[derive(Clone, Copy)]
pub struct DebugName(ThreadName);

#[cfg(feature = "debug")]
impl DebugName {
    /// The bytes of the name.
    pub fn bytes(self) -> impl Iterator<Item = u8> {
        self.0.into_iter().take_while(|&byte| byte != 0)
    }
}

#[cfg(feature = "debug")]
impl core::fmt::Display for DebugName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.bytes().try_for_each(|byte| match byte {
            // Every name of a new thread has quotes.
            b'\'' => write!(f, "'"),
            _ => write!(f, "{}", core::ascii::escape_default(byte)),
        })
    }
}

/// Stops a thread: whatever it waits for is cancelled.
pub fn suspend(k: &Kernel, tcb: Obj<Tcb>) {
    cancel_ipc(k, tcb);
    if tcb.state() == ThreadState::Running {
        tcb.context.fault_pc.set(tcb.context.next_pc.get());
    }
    tcb.set_state(k, ThreadState::Inactive);
    k.home(tcb).ready.remove(tcb);
}

/// Starts a stopped or blocked thread: it executes the instruction at its fault PC again.
pub fn restart(k: &Kernel, tcb: Obj<Tcb>) {
    if tcb.is_runnable() {
        return;
    }
    cancel_ipc(k, tcb);
    set_up_reply_master(tcb);
    tcb.set_state(k, ThreadState::Restart);
    sched::enqueue(k, tcb);
    sched::possible_switch_to(k, tcb);
}

/// Ends whatever the thread waits for, without waking it.
pub fn cancel_ipc(k: &Kernel, tcb: Obj<Tcb>) {
    #[cfg(feature = "uintr")]
    crate::uintr::disarm(tcb);
    match tcb.state() {
        ThreadState::BlockedOnSend(PendingSend { endpoint, .. })
        | ThreadState::BlockedOnReceive { endpoint, .. } => {
            endpoint.remove(tcb);
            tcb.set_state(k, ThreadState::Inactive);
        }
        ThreadState::BlockedOnNotification(notification) => {
            notification.remove(tcb);
            tcb.set_state(k, ThreadState::Inactive);
        }
        ThreadState::BlockedOnReply => {
            tcb.fault.set(None);
            // The only child of the hidden original is the reply capability that was handed out.
            let master = tcb.reply_master();
            if let Some(reply) = master.next().filter(|&next| derivation::is_parent(master, next)) {
                crate::cap::delete::delete_reply(reply);
            }
        }
        _ => {}
    }
}

/// Makes sure that the thread has the original of its reply capabilities.
pub fn set_up_reply_master(tcb: Obj<Tcb>) {
    let slot = tcb.reply_master();
    if slot.is_empty() {
        derivation::insert_root(Cap::Reply(ReplyCap { caller: tcb, master: true, can_grant: true }), slot);
    }
}
