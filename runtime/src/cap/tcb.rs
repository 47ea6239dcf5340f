//! Threads.

use rel4_abi::tcb::{READ_REGISTERS_SUSPEND, WRITE_REGISTERS_FIXED_WORDS, WRITE_REGISTERS_RESUME};
use rel4_abi::user_context::USER_CONTEXT_WORDS;
use rel4_abi::{CNodeCapData, CPtr, Invocation, UintrInvocation, UserContext};

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
        let words = [READ_REGISTERS_SUSPEND, USER_CONTEXT_WORDS as u64];
        let answer = invoke(self.0, Invocation::TcbReadRegisters, &[], &words)?;
        let Message { words: registers, .. } = answer;
        let mut context = UserContext::default();
        for (index, value) in context.0.iter_mut().enumerate() {
            *value = registers.get(index).copied().unwrap_or_else(|| arch::message_word(index));
        }
        Ok(context)
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
