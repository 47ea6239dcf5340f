//! TCB: registers, configuration, scheduling parameters, bound notification, flags.

use rel4_abi::tcb::{
    COPY_REGISTERS_FRAME, COPY_REGISTERS_INTEGER, COPY_REGISTERS_RESUME_TARGET,
    COPY_REGISTERS_SUSPEND_SOURCE, FLAG_FPU_DISABLED, READ_REGISTERS_SUSPEND, WRITE_REGISTERS_FIXED_WORDS,
    WRITE_REGISTERS_RESUME,
};
use rel4_abi::user_context::{FRAME_REGISTERS, Register, USER_CONTEXT_WORDS};
use rel4_abi::{CapRights, Invocation as Op, InvocationError};

use super::super::invocation::{Answer, Invocation, Outcome};
use crate::arch;
use crate::cap::derive::{self, DataUpdate};
use crate::cap::slot::Slot;
use crate::cap::{Cap, PageTableCap, delete, derivation};
use crate::config::MAX_HARTS;
use crate::obj::Obj;
use crate::object::Tcb;
use crate::object::tcb::{restart, suspend};
use crate::remote;
use crate::sched;

pub(in super::super) fn invoke(inv: &Invocation<'_>, tcb: Obj<Tcb>) -> Outcome {
    remote::stop(inv.k, tcb);
    match inv.operation() {
        Some(Op::TcbReadRegisters) => read_registers(inv, tcb),
        Some(Op::TcbWriteRegisters) => write_registers(inv, tcb),
        Some(Op::TcbCopyRegisters) => copy_registers(inv, tcb),
        Some(Op::TcbConfigure) => configure(inv, tcb),
        Some(Op::TcbSetPriority) => {
            let [priority] = inv.arguments()?;
            let priority = controlled_priority(inv, priority)?;
            sched::set_priority(inv.k, tcb, priority);
            Ok(Answer::EMPTY)
        }
        Some(Op::TcbSetMcPriority) => {
            let [mcp] = inv.arguments()?;
            tcb.max_controlled_priority.set(controlled_priority(inv, mcp)?);
            Ok(Answer::EMPTY)
        }
        Some(Op::TcbSetSchedParams) => {
            let [mcp, priority] = inv.arguments()?;
            let (mcp, priority) = (controlled_priority(inv, mcp)?, controlled_priority(inv, priority)?);
            tcb.max_controlled_priority.set(mcp);
            sched::set_priority(inv.k, tcb, priority);
            Ok(Answer::EMPTY)
        }
        Some(Op::TcbSetIpcBuffer) => {
            let [address] = inv.arguments()?;
            let buffer = Buffer::checked(inv.extra_cap(0)?, address)?;
            buffer.install(inv, tcb)?;
            Ok(Answer::EMPTY)
        }
        Some(Op::TcbSetSpace) => set_space(inv, tcb),
        Some(Op::TcbSuspend) => {
            suspend(inv.k, tcb);
            Ok(Answer::EMPTY)
        }
        Some(Op::TcbResume) => {
            restart(inv.k, tcb);
            Ok(Answer::EMPTY)
        }
        Some(Op::TcbBindNotification) => bind_notification(inv, tcb),
        Some(Op::TcbUnbindNotification) => {
            let bound = tcb.bound_notification().ok_or(InvocationError::IllegalOperation)?;
            bound.unbind(inv.k);
            Ok(Answer::EMPTY)
        }
        Some(Op::TcbSetAffinity) => {
            let [hart] = inv.arguments()?;
            let hart = usize::try_from(hart).ok().filter(|&hart| hart < MAX_HARTS);
            let hart = hart.ok_or(InvocationError::IllegalOperation)?;
            // An interrupt file belongs to a hart; it does not move with its owner yet.
            #[cfg(feature = "uintr")]
            if crate::uintr::is_registered(tcb) && hart != tcb.affinity() {
                return Err(InvocationError::IllegalOperation.into());
            }
            sched::set_affinity(inv.k, tcb, hart);
            Ok(Answer::EMPTY)
        }
        Some(Op::TcbSetTlsBase) => {
            let [base] = inv.arguments()?;
            tcb.context.set(Register::Tp, base);
            if tcb == inv.caller {
                sched::reschedule_required(inv.k);
            }
            Ok(Answer::EMPTY)
        }
        Some(Op::TcbSetFlags) => {
            let [clear, set] = inv.arguments()?;
            let flags = (tcb.flags.get() & !clear) | (set & FLAG_FPU_DISABLED);
            tcb.flags.set(flags);
            arch::fpu_flags_changed(inv.k, tcb);
            Ok(inv.answer(&[flags]))
        }
        #[cfg(not(feature = "sync-ipc"))]
        None if inv.fault_operation().is_some() => super::fault::invoke_thread(inv, tcb),
        #[cfg(feature = "uintr")]
        None => super::uintr::invoke_thread(inv, tcb),
        _ => Err(InvocationError::IllegalOperation.into()),
    }
}

/// A priority that the authority passed as extra capability 0 may give away.
fn controlled_priority(inv: &Invocation<'_>, priority: u64) -> Result<u8, InvocationError> {
    let Cap::Thread(authority) = inv.extra_cap(0)?.cap() else {
        return Err(InvocationError::InvalidCapability { index: 1 });
    };
    let max = authority.max_controlled_priority.get();
    u8::try_from(priority)
        .ok()
        .filter(|&priority| priority <= max)
        .ok_or(InvocationError::RangeError { min: 0, max: u64::from(max) })
}

fn read_registers(inv: &Invocation<'_>, tcb: Obj<Tcb>) -> Outcome {
    let [flags, count] = inv.arguments()?;
    let max = USER_CONTEXT_WORDS as u64;
    if !(1..=max).contains(&count) {
        return Err(InvocationError::RangeError { min: 1, max }.into());
    }
    if tcb == inv.caller {
        return Err(InvocationError::IllegalOperation.into());
    }
    if flags & READ_REGISTERS_SUSPEND != 0 {
        suspend(inv.k, tcb);
    }
    let words = Register::ALL.map(|register| tcb.context.get(register));
    Ok(inv.answer(&words[..count as usize]))
}

fn write_registers(inv: &Invocation<'_>, tcb: Obj<Tcb>) -> Outcome {
    let [flags, count] = inv.arguments()?;
    if ((inv.length - WRITE_REGISTERS_FIXED_WORDS) as u64) < count {
        return Err(InvocationError::TruncatedMessage.into());
    }
    if tcb == inv.caller {
        return Err(InvocationError::IllegalOperation.into());
    }
    for (index, &register) in
        Register::ALL.iter().enumerate().take(count.min(USER_CONTEXT_WORDS as u64) as usize)
    {
        tcb.context.set(register, inv.argument(WRITE_REGISTERS_FIXED_WORDS + index));
    }
    tcb.context.next_pc.set(tcb.context.fault_pc.get());
    if flags & WRITE_REGISTERS_RESUME != 0 {
        restart(inv.k, tcb);
    }
    Ok(Answer::EMPTY)
}

fn copy_registers(inv: &Invocation<'_>, target: Obj<Tcb>) -> Outcome {
    let [flags] = inv.arguments()?;
    let Cap::Thread(source) = inv.extra_cap(0)?.cap() else {
        return Err(InvocationError::InvalidCapability { index: 1 }.into());
    };
    remote::stop(inv.k, source);
    if flags & COPY_REGISTERS_SUSPEND_SOURCE != 0 {
        suspend(inv.k, source);
    }
    if flags & COPY_REGISTERS_RESUME_TARGET != 0 {
        restart(inv.k, target);
    }
    let copy = |registers: &[Register]| {
        for &register in registers {
            target.context.set(register, source.context.get(register));
        }
    };
    if flags & COPY_REGISTERS_FRAME != 0 {
        copy(&Register::ALL[..FRAME_REGISTERS]);
        target.context.next_pc.set(target.context.fault_pc.get());
    }
    if flags & COPY_REGISTERS_INTEGER != 0 {
        copy(&Register::ALL[FRAME_REGISTERS..]);
    }
    if target == inv.caller {
        sched::reschedule_required(inv.k);
    }
    Ok(Answer::EMPTY)
}

/// A capability to be installed in a TCB slot, and the slot it is derived from.
#[derive(Clone, Copy)]
struct Derived {
    cap: Cap,
    source: Obj<Slot>,
}

impl Derived {
    /// Puts the capability into `destination`, whose old content goes; skipped if that took its source away too.
    fn install(self, inv: &Invocation<'_>, destination: Obj<Slot>) -> Outcome {
        delete::delete(inv.k, destination)?;
        let still_there = derivation::same_object(&self.cap, &self.source.cap());
        if still_there && matches!(inv.slot.cap(), Cap::Thread(_)) {
            derivation::insert(self.cap, self.source, destination);
        }
        Ok(Answer::EMPTY)
    }
}

/// An IPC buffer that was checked: its address, and its frame unless the address is 0.
struct Buffer {
    address: u64,
    frame: Option<Derived>,
}

impl Buffer {
    fn checked(source: Obj<Slot>, address: u64) -> Result<Self, InvocationError> {
        if address == 0 {
            return Ok(Self { address, frame: None });
        }
        let cap = derive::derive(source, source.cap())?;
        match cap {
            Cap::Frame(frame) if !frame.device => {}
            _ => return Err(InvocationError::IllegalOperation),
        }
        if !address.is_multiple_of(1 << rel4_abi::ipc_buffer::IPC_BUFFER_BITS) {
            return Err(InvocationError::AlignmentError);
        }
        Ok(Self { address, frame: Some(Derived { cap, source }) })
    }

    fn install(self, inv: &Invocation<'_>, tcb: Obj<Tcb>) -> Outcome {
        delete::delete(inv.k, tcb.buffer_slot())?;
        tcb.ipc_buffer.set(self.address);
        if let Some(frame) = self.frame {
            frame.install(inv, tcb.buffer_slot())?;
        }
        if tcb == inv.caller {
            sched::reschedule_required(inv.k);
        }
        Ok(Answer::EMPTY)
    }
}

/// Capability and address spaces that were checked.
struct Spaces {
    fault_handler: u64,
    cspace: Derived,
    vspace: Derived,
}

impl Spaces {
    fn checked(
        tcb: Obj<Tcb>,
        fault_handler: u64,
        cspace: (Obj<Slot>, u64),
        vspace: (Obj<Slot>, u64),
    ) -> Result<Self, InvocationError> {
        if takes_long_to_delete(tcb.cspace_root()) || takes_long_to_delete(tcb.vspace_root()) {
            return Err(InvocationError::IllegalOperation);
        }
        let cspace = Self::derived(cspace)?;
        if !matches!(cspace.cap, Cap::CNode(_)) {
            return Err(InvocationError::IllegalOperation);
        }
        let vspace = Self::derived(vspace)?;
        if !matches!(vspace.cap, Cap::PageTable(PageTableCap { mapping: Some(_), .. })) {
            return Err(InvocationError::IllegalOperation);
        }
        Ok(Self { fault_handler, cspace, vspace })
    }

    /// Data 0 leaves the capability as it is.
    fn derived((source, data): (Obj<Slot>, u64)) -> Result<Derived, InvocationError> {
        let cap = source.cap();
        let cap = if data == 0 { cap } else { derive::update_data(cap, data, DataUpdate::Mint) };
        Ok(Derived { cap: derive::derive(source, cap)?, source })
    }

    fn install(self, inv: &Invocation<'_>, tcb: Obj<Tcb>) -> Outcome {
        tcb.fault_handler.set_address(self.fault_handler);
        self.cspace.install(inv, tcb.cspace_root())?;
        self.vspace.install(inv, tcb.vspace_root())?;
        if tcb == inv.caller {
            crate::vm::space::activate(inv.k, tcb);
        }
        Ok(Answer::EMPTY)
    }
}

/// Whether replacing the capability could start a long deletion, which these operations must not.
fn takes_long_to_delete(slot: Obj<Slot>) -> bool {
    match slot.cap() {
        Cap::CNode(_) | Cap::Thread(_) => derivation::is_final(slot),
        Cap::Zombie(_) => true,
        _ => false,
    }
}

fn configure(inv: &Invocation<'_>, tcb: Obj<Tcb>) -> Outcome {
    let [fault_handler, cspace_data, vspace_data, buffer_address] = inv.arguments()?;
    let (cspace, vspace, buffer) = (inv.extra_cap(0)?, inv.extra_cap(1)?, inv.extra_cap(2)?);
    let buffer = Buffer::checked(buffer, buffer_address)?;
    let spaces = Spaces::checked(tcb, fault_handler, (cspace, cspace_data), (vspace, vspace_data))?;
    spaces.install(inv, tcb)?;
    buffer.install(inv, tcb)
}

fn set_space(inv: &Invocation<'_>, tcb: Obj<Tcb>) -> Outcome {
    let [fault_handler, cspace_data, vspace_data] = inv.arguments()?;
    let (cspace, vspace) = (inv.extra_cap(0)?, inv.extra_cap(1)?);
    Spaces::checked(tcb, fault_handler, (cspace, cspace_data), (vspace, vspace_data))?.install(inv, tcb)
}

fn bind_notification(inv: &Invocation<'_>, tcb: Obj<Tcb>) -> Outcome {
    let source = inv.extra_cap(0)?;
    if tcb.bound_notification().is_some() {
        return Err(InvocationError::IllegalOperation.into());
    }
    match source.cap() {
        Cap::Notification(cap)
            if cap.rights.contains(CapRights::READ)
                && cap.notification.bound_thread().is_none()
                && !cap.notification.has_waiters() =>
        {
            cap.notification.bind(tcb);
            Ok(Answer::EMPTY)
        }
        _ => Err(InvocationError::IllegalOperation.into()),
    }
}
