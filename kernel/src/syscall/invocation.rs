//! Send, NBSend and Call: lookup, decoding by capability type, and the answer.

use rel4_abi::message_info::NUM_MESSAGE_REGISTERS;
use rel4_abi::{CapRights, InvocationError, LabelSet, MessageInfo};

use super::invoke;
#[cfg(feature = "async-syscall")]
use crate::async_syscall::request::Request;
use crate::cap::slot::Slot;
use crate::cap::{Cap, lookup};
use crate::fault::{self, Fault, Phase};
use crate::ipc::{self, SendKind, message};
use crate::irq;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::ipc_buffer::Access;
use crate::object::{BufferRef, Tcb, ThreadState};
use crate::preempt::Preempted;
use crate::trace::tracepoint;

/// The label table that this kernel speaks.
const LABELS: LabelSet = if cfg!(feature = "smp") { LabelSet::Smp } else { LabelSet::SingleCore };

/// One operation that a thread asks for: the capability, the arguments, the capabilities passed along.
pub struct Invocation<'k> {
    /// The kernel.
    pub k: &'k Kernel,
    /// The thread that asks.
    pub caller: Obj<Tcb>,
    /// The slot of the capability invoked.
    pub slot: Obj<Slot>,
    /// Number of argument words.
    pub length: usize,
    label: u64,
    extra_caps: message::ExtraCaps,
    buffer: Option<BufferRef>,
    kind: SendKind,
    /// The message, if it is not in the caller's registers and buffer.
    #[cfg(feature = "async-syscall")]
    request: Option<&'k Request>,
}

/// What the caller gets if it asked by Call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Success, with this many message words, which are set already.
    Success {
        /// Number of words.
        length: usize,
    },
}

impl Answer {
    /// Success without further words.
    pub const EMPTY: Self = Self::Success { length: 0 };
}

/// Why an operation did not complete.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// It is refused; the caller is told.
    Refused(InvocationError),
    /// It will be restarted after an interrupt.
    Preempted,
}

impl From<InvocationError> for Stop {
    fn from(error: InvocationError) -> Self {
        Self::Refused(error)
    }
}

impl From<Preempted> for Stop {
    fn from(Preempted: Preempted) -> Self {
        Self::Preempted
    }
}

/// What operations return.
pub type Outcome = Result<Answer, Stop>;

#[cfg(feature = "async-syscall")]
impl<'k> Invocation<'k> {
    /// What a request asks for, so far without extra capabilities.
    #[inline(always)]
    pub(super) fn of_request(k: &'k Kernel, caller: Obj<Tcb>, slot: Obj<Slot>, request: &'k Request) -> Self {
        Self {
            k,
            caller,
            slot,
            length: request.length(),
            label: request.label(),
            extra_caps: message::NO_EXTRA_CAPS,
            buffer: None,
            kind: SendKind::Call,
            request: Some(request),
        }
    }

    /// Passes the capability in `slot` along as number `index`, if so many can be.
    #[inline(always)]
    pub(super) fn pass(&mut self, index: usize, slot: Obj<Slot>) {
        if let Some(place) = self.extra_caps.get_mut(index) {
            *place = Some(slot);
        }
    }
}

impl Invocation<'_> {
    /// The operation that the label asks for, if it is one of this kernel's.
    pub fn operation(&self) -> Option<rel4_abi::Invocation> {
        rel4_abi::Invocation::decode(self.label, LABELS)
    }

    /// The operation on U-notifications that the label asks for.
    #[cfg(feature = "uintr")]
    pub fn uintr_operation(&self) -> Option<rel4_abi::UintrInvocation> {
        rel4_abi::UintrInvocation::decode(self.label)
    }

    /// The operation on faults that the label asks for.
    #[cfg(not(feature = "sync-ipc"))]
    pub fn fault_operation(&self) -> Option<rel4_abi::FaultInvocation> {
        rel4_abi::FaultInvocation::decode(self.label)
    }

    /// The operation on rings of asynchronous system calls that the label asks for.
    #[cfg(feature = "async-syscall")]
    pub fn async_operation(&self) -> Option<rel4_abi::AsyncInvocation> {
        rel4_abi::AsyncInvocation::decode(self.label)
    }

    /// Argument word `index`, which the caller has checked to be below [`Self::length`]. Words beyond the registers are read
    /// from user memory: read each once.
    #[inline]
    pub fn argument(&self, index: usize) -> u64 {
        debug_assert!(index < self.length);
        #[cfg(feature = "async-syscall")]
        if let Some(request) = self.request {
            return request.argument(index);
        }
        if index < NUM_MESSAGE_REGISTERS {
            return self.caller.context.message_register(index);
        }
        self.buffer.map_or(0, |buffer| buffer.message_word(index))
    }

    /// The first `N` argument words, if there are as many.
    pub fn arguments<const N: usize>(&self) -> Result<[u64; N], InvocationError> {
        if self.length < N {
            return Err(InvocationError::TruncatedMessage);
        }
        Ok(core::array::from_fn(|index| self.argument(index)))
    }

    /// The slot of extra capability `index`, if that many were passed.
    pub fn extra_cap(&self, index: usize) -> Result<Obj<Slot>, InvocationError> {
        self.extra_caps.get(index).copied().flatten().ok_or(InvocationError::TruncatedMessage)
    }

    /// Gives the caller result words.
    pub fn answer(&self, words: &[u64]) -> Answer {
        #[cfg(feature = "async-syscall")]
        if let Some(request) = self.request {
            return Answer::Success { length: request.set_answer(words) };
        }
        if self.kind != SendKind::Call {
            return Answer::EMPTY;
        }
        Answer::Success { length: message::set_words(self.caller, words) }
    }
}

/// Carries out Send, NBSend or Call of the current thread.
pub(super) fn handle(k: &Kernel, kind: SendKind) {
    let thread = k.current();
    match begin(k, thread, kind) {
        Ok(invocation) => finish(&invocation, dispatch(&invocation)),
        // A send that does not block does not fault either.
        Err(_) if kind == SendKind::NonBlocking => {}
        Err(fault) => fault::raise(k, thread, fault),
    }
}

fn begin<'k>(k: &'k Kernel, thread: Obj<Tcb>, kind: SendKind) -> Result<Invocation<'k>, Fault> {
    let info = thread.context.message_info();
    let cptr = thread.context.cptr();
    tracepoint!(Lookup);
    let slot = lookup::slot_of_thread(thread, cptr).map_err(|failure| Fault::Cap {
        cptr,
        phase: Phase::Send,
        failure,
    })?;
    // Of most messages nothing is in the buffer.
    let buffer = match info.register_words() {
        Some(_) => None,
        None => BufferRef::of_thread(thread, Access::Send),
    };
    let extra_caps = message::extra_caps(thread, buffer, info)?;
    let length = if buffer.is_some() { info.length() } else { info.length().min(NUM_MESSAGE_REGISTERS) };
    thread.set_state(k, ThreadState::Restart);
    Ok(Invocation {
        k,
        caller: thread,
        slot,
        length,
        label: info.label(),
        extra_caps,
        buffer,
        kind,
        #[cfg(feature = "async-syscall")]
        request: None,
    })
}

fn dispatch(inv: &Invocation<'_>) -> Outcome {
    let no_such_capability = Err(InvocationError::InvalidCapability { index: 0 }.into());
    match inv.slot.raw().decode() {
        Cap::Endpoint(cap) if cap.rights.contains(CapRights::WRITE) => {
            tracepoint!(Transfer);
            ipc::send(inv.k, inv.caller, &cap, inv.kind);
            Ok(Answer::EMPTY)
        }
        Cap::Notification(cap) if cap.rights.contains(CapRights::WRITE) => {
            tracepoint!(Transfer);
            cap.notification.signal(inv.k, cap.badge);
            Ok(Answer::EMPTY)
        }
        Cap::Reply(cap) if !cap.master => {
            ipc::reply(inv.k, inv.caller, &cap, inv.slot);
            Ok(Answer::EMPTY)
        }
        Cap::Null | Cap::Zombie(_) | Cap::Endpoint(_) | Cap::Notification(_) | Cap::Reply(_) => {
            no_such_capability
        }
        Cap::Untyped(cap) => invoke::untyped::invoke(inv, cap),
        Cap::CNode(_) => invoke::cnode::invoke(inv),
        Cap::Thread(tcb) => invoke::tcb::invoke(inv, tcb),
        Cap::IrqControl => invoke::irq::invoke_control(inv),
        Cap::IrqHandler(irq) => invoke::irq::invoke_handler(inv, irq),
        Cap::Domain => invoke::domain::invoke(inv),
        Cap::AsidControl => invoke::asid::invoke_control(inv),
        Cap::AsidPool(cap) => invoke::asid::invoke_pool(inv, cap),
        Cap::PageTable(cap) => invoke::page_table::invoke(inv, cap),
        Cap::Frame(cap) => invoke::frame::invoke(inv, cap),
        #[cfg(feature = "uintr")]
        Cap::SenderPage(_) => Err(InvocationError::IllegalOperation.into()),
    }
}

fn finish(inv: &Invocation<'_>, outcome: Outcome) {
    let thread = inv.caller;
    match outcome {
        Err(Stop::Preempted) => return irq::handle(inv.k),
        // Blocked by a send, or suspended by itself: there is no answer now.
        Ok(_) if thread.state() != ThreadState::Restart => return,
        Ok(Answer::Success { length }) if inv.kind == SendKind::Call => {
            thread.context.set_badge(0);
            thread.context.set_message_info(MessageInfo::new(rel4_abi::error::NO_ERROR, 0, 0, length));
        }
        Err(Stop::Refused(error)) if inv.kind == SendKind::Call => {
            let (words, length) = error.words();
            let length = message::set_words(thread, &words[..length]);
            thread.context.set_badge(0);
            thread.context.set_message_info(MessageInfo::new(error.error().label(), 0, 0, length));
        }
        Ok(_) | Err(Stop::Refused(_)) => {}
    }
    thread.set_state(inv.k, ThreadState::Running);
}
