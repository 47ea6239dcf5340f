//! Threads.

use rel4_abi::tcb::{
    COPY_REGISTERS_FRAME, COPY_REGISTERS_INTEGER, COPY_REGISTERS_RESUME_TARGET,
    COPY_REGISTERS_SUSPEND_SOURCE, READ_REGISTERS_SUSPEND, WRITE_REGISTERS_FIXED_WORDS,
    WRITE_REGISTERS_RESUME,
};
use rel4_abi::user_context::USER_CONTEXT_WORDS;
use rel4_abi::{AsyncInvocation, CNodeCapData, CPtr, Invocation, UintrInvocation, UserContext};

use super::cnode::CNode;
use super::frame::Frame;
use super::invoke::{invoke, invoke_label};
use super::notification::Notification;
use super::page_table::VSpace;
use crate::arch;
use crate::error::Error;
use crate::ipc::Message;

/// A capability to a thread control block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tcb(pub CPtr);

/// What a thread needs before it can run.
#[derive(Clone, Copy, Debug)]
pub struct Spaces {
    /// Address of the fault handler's endpoint in the `CSpace` of the thread.
    pub fault_handler: CPtr,
    /// Root of its `CSpace`.
    pub cspace: CNode,
    /// Guard of that root; the zero word leaves it as it is.
    pub cspace_guard: CNodeCapData,
    /// Its address space.
    pub vspace: VSpace,
    /// Address of its IPC buffer in that address space.
    pub ipc_buffer_vaddr: u64,
    /// Frame of that buffer.
    pub ipc_buffer: Frame,
}

/// What [`Tcb::copy_registers_from`] does besides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegisterTransfer(u64);

impl RegisterTransfer {
    /// Stop the source first.
    pub const SUSPEND_SOURCE: Self = Self(COPY_REGISTERS_SUSPEND_SOURCE);
    /// Start the target afterwards.
    pub const RESUME_TARGET: Self = Self(COPY_REGISTERS_RESUME_TARGET);
    /// Copy the first 16 registers of a [`UserContext`].
    pub const FRAME: Self = Self(COPY_REGISTERS_FRAME);
    /// Copy the other 16.
    pub const INTEGER: Self = Self(COPY_REGISTERS_INTEGER);

    /// Does both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Tcb {
    /// Sets fault handler, `CSpace`, address space and IPC buffer.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn configure(self, spaces: &Spaces) -> Result<(), Error> {
        const VSPACE_DATA: u64 = 0;
        let caps = [spaces.cspace.0, spaces.vspace.0, spaces.ipc_buffer.0];
        let words =
            [spaces.fault_handler.word(), spaces.cspace_guard.word(), VSPACE_DATA, spaces.ipc_buffer_vaddr];
        invoke(self.0, Invocation::TcbConfigure, &caps, &words).map(drop)
    }

    /// Sets fault handler, `CSpace` and address space; data words of 0 leave the guard of the root as it is.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn set_space(
        self,
        fault_handler: CPtr,
        cspace: CNode,
        cspace_guard: CNodeCapData,
        vspace: VSpace,
    ) -> Result<(), Error> {
        const VSPACE_DATA: u64 = 0;
        let words = [fault_handler.word(), cspace_guard.word(), VSPACE_DATA];
        invoke(self.0, Invocation::TcbSetSpace, &[cspace.0, vspace.0], &words).map(drop)
    }

    /// Makes `buffer` the IPC buffer; `vaddr` is its address in the address space.
    ///
    /// # Errors
    ///
    /// The kernel's: `IllegalOperation` if that is no frame of RAM, `AlignmentError`.
    pub fn set_ipc_buffer(self, vaddr: u64, buffer: Frame) -> Result<(), Error> {
        invoke(self.0, Invocation::TcbSetIpcBuffer, &[buffer.0], &[vaddr]).map(drop)
    }

    /// Sets the maximum controlled priority, which must not exceed that of `authority`.
    ///
    /// # Errors
    ///
    /// The kernel's: `RangeError` if it is too high.
    pub fn set_max_controlled_priority(self, authority: Self, priority: u64) -> Result<(), Error> {
        invoke(self.0, Invocation::TcbSetMcPriority, &[authority.0], &[priority]).map(drop)
    }

    /// Sets the register that points to the thread's local storage.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn set_tls_base(self, base: u64) -> Result<(), Error> {
        invoke(self.0, Invocation::TcbSetTlsBase, &[], &[base]).map(drop)
    }

    /// Sets the priority, which must not exceed the maximum controlled priority of `authority`.
    ///
    /// # Errors
    ///
    /// The kernel's: `RangeError` if the priority is too high.
    pub fn set_priority(self, authority: Self, priority: u64) -> Result<(), Error> {
        invoke(self.0, Invocation::TcbSetPriority, &[authority.0], &[priority]).map(drop)
    }

    /// Sets maximum controlled priority and priority, neither above the former of `authority`.
    ///
    /// # Errors
    ///
    /// The kernel's: `RangeError` if one is too high.
    pub fn set_sched_params(
        self,
        authority: Self,
        max_controlled_priority: u64,
        priority: u64,
    ) -> Result<(), Error> {
        let words = [max_controlled_priority, priority];
        invoke(self.0, Invocation::TcbSetSchedParams, &[authority.0], &words).map(drop)
    }

    /// Writes all registers and leaves the thread as runnable or not as it is.
    ///
    /// # Errors
    ///
    /// The kernel's: `IllegalOperation` on the calling thread itself.
    pub fn write_registers(self, context: &UserContext) -> Result<(), Error> {
        self.write_registers_flagged(context, 0)
    }

    /// Writes all registers and resumes the thread.
    ///
    /// # Errors
    ///
    /// Those of [`Tcb::write_registers`].
    pub fn write_registers_and_resume(self, context: &UserContext) -> Result<(), Error> {
        self.write_registers_flagged(context, WRITE_REGISTERS_RESUME)
    }

    fn write_registers_flagged(self, context: &UserContext, flags: u64) -> Result<(), Error> {
        let mut words = [0; WRITE_REGISTERS_FIXED_WORDS + USER_CONTEXT_WORDS];
        words[0] = flags;
        words[1] = USER_CONTEXT_WORDS as u64;
        words[WRITE_REGISTERS_FIXED_WORDS..].copy_from_slice(&context.0);
        invoke(self.0, Invocation::TcbWriteRegisters, &[], &words).map(drop)
    }

    /// Suspends the thread and reads its registers.
    ///
    /// # Errors
    ///
    /// The kernel's: `IllegalOperation` on the calling thread itself.
    pub fn suspend_and_read_registers(self) -> Result<UserContext, Error> {
        self.read_registers_flagged(READ_REGISTERS_SUSPEND)
    }

    /// Reads the registers.
    ///
    /// # Errors
    ///
    /// The kernel's: `IllegalOperation` on the calling thread itself.
    pub fn read_registers(self) -> Result<UserContext, Error> {
        self.read_registers_flagged(0)
    }

    fn read_registers_flagged(self, flags: u64) -> Result<UserContext, Error> {
        let words = [flags, USER_CONTEXT_WORDS as u64];
        let answer = invoke(self.0, Invocation::TcbReadRegisters, &[], &words)?;
        let Message { words: registers, .. } = answer;
        let mut context = UserContext::default();
        for (index, value) in context.0.iter_mut().enumerate() {
            *value = registers.get(index).copied().unwrap_or_else(|| arch::message_word(index));
        }
        Ok(context)
    }

    /// Copies registers of `source`, and does what else `transfer` says.
    ///
    /// # Errors
    ///
    /// The kernel's: `InvalidCapability` if `source` is no thread.
    pub fn copy_registers_from(self, source: Self, transfer: RegisterTransfer) -> Result<(), Error> {
        invoke(self.0, Invocation::TcbCopyRegisters, &[source.0], &[transfer.0]).map(drop)
    }

    /// Stops the thread.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn suspend(self) -> Result<(), Error> {
        invoke(self.0, Invocation::TcbSuspend, &[], &[]).map(drop)
    }

    /// Starts the thread, or restarts it if it waits for something.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn resume(self) -> Result<(), Error> {
        invoke(self.0, Invocation::TcbResume, &[], &[]).map(drop)
    }

    /// Binds `notification`, so that its signals wake the thread out of receiving from an endpoint.
    ///
    /// # Errors
    ///
    /// The kernel's: `IllegalOperation` if one of the two is bound already.
    pub fn bind_notification(self, notification: Notification) -> Result<(), Error> {
        invoke(self.0, Invocation::TcbBindNotification, &[notification.0], &[]).map(drop)
    }

    /// Undoes [`Tcb::bind_notification`].
    ///
    /// # Errors
    ///
    /// The kernel's: `IllegalOperation` if none is bound.
    pub fn unbind_notification(self) -> Result<(), Error> {
        invoke(self.0, Invocation::TcbUnbindNotification, &[], &[]).map(drop)
    }

    /// Gives the thread an interrupt file, so that `notification`, which is bound to it, becomes a U-notification: its signals, and stores of
    /// senders, interrupt the thread at `entry` without the kernel.
    ///
    /// # Errors
    ///
    /// The kernel's: `NotEnoughMemory` if the hart has no free file, `IllegalOperation` on a kernel without U-notifications.
    pub fn register_receiver(self, notification: Notification, entry: u64) -> Result<(), Error> {
        let label = UintrInvocation::RegisterReceiver.label();
        invoke_label(self.0, label, &[notification.0], &[entry]).map(drop)
    }

    /// Gives the thread's interrupt file up.
    ///
    /// # Errors
    ///
    /// The kernel's: `IllegalOperation` if it has none.
    pub fn unregister_receiver(self) -> Result<(), Error> {
        invoke_label(self.0, UintrInvocation::Unregister.label(), &[], &[]).map(drop)
    }

    /// Shares rings of `capacity` items each, a power of two, in `frame` between the thread and the kernel, which carries out requests in the
    /// name of the thread and signals `notification` when the thread sleeps and completions are there.
    ///
    /// # Errors
    ///
    /// The kernel's: `RangeError` if the frame cannot hold that many items, `IllegalOperation` if the thread has rings already, or on a kernel
    /// that knows none.
    pub fn register_ring(self, frame: Frame, notification: Notification, capacity: u64) -> Result<(), Error> {
        let label = AsyncInvocation::RegisterRing.label();
        invoke_label(self.0, label, &[frame.0, notification.0], &[capacity]).map(drop)
    }

    /// Ends what [`Tcb::register_ring`] began.
    ///
    /// # Errors
    ///
    /// The kernel's: `IllegalOperation` if there are no rings.
    pub fn unregister_ring(self) -> Result<(), Error> {
        invoke_label(self.0, AsyncInvocation::UnregisterRing.label(), &[], &[]).map(drop)
    }

    /// Changes the flags of the thread: those in `clear`, then those in `set` ([`rel4_abi::tcb`] names them); the answer is what they are
    /// now.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn set_flags(self, clear: u64, set: u64) -> Result<u64, Error> {
        invoke(self.0, Invocation::TcbSetFlags, &[], &[clear, set]).map(|answer| answer.words[0])
    }

    /// Moves the thread to `core`. A single-core kernel refuses.
    ///
    /// # Errors
    ///
    /// The kernel's: `IllegalOperation` if there is no such core.
    pub fn set_affinity(self, core: u64) -> Result<(), Error> {
        invoke(self.0, Invocation::TcbSetAffinity, &[], &[core]).map(drop)
    }
}
