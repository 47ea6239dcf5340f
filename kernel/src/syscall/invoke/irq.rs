//! IRQControl: issuing handlers. IRQHandler: Ack, SetNotification, Clear.

use rel4_abi::{CapRights, Invocation as Op, InvocationError};

use super::super::invocation::{Answer, Invocation, Outcome};
use super::empty_slot;
use crate::arch::{self, Trigger};
use crate::cap::{Cap, derivation, derive};
use crate::irq;

pub(in super::super) fn invoke_control(inv: &Invocation<'_>) -> Outcome {
    let (number, trigger, index, depth) = match inv.operation() {
        Some(Op::IrqIssueIrqHandler) => {
            let [number, index, depth] = inv.arguments()?;
            (number, Trigger::Level, index, depth)
        }
        Some(Op::RiscvIrqIssueIrqHandlerTrigger) => {
            let [number, trigger, index, depth] = inv.arguments()?;
            (number, if trigger == 0 { Trigger::Level } else { Trigger::Edge }, index, depth)
        }
        _ => return Err(InvocationError::IllegalOperation.into()),
    };
    let root = inv.extra_cap(0)?;
    let max = irq::MAX_IRQ;
    let number = u16::try_from(number)
        .ok()
        .filter(|number| (1..=max).contains(number))
        .ok_or(InvocationError::RangeError { min: 1, max: u64::from(max) })?;
    if inv.k.irqs.is_taken(number) {
        return Err(InvocationError::RevokeFirst.into());
    }
    let slot = empty_slot(root, index, depth)?;
    arch::configure_irq(inv.k, number, trigger);
    irq::issue(inv.k, number);
    derivation::insert(Cap::IrqHandler(number), inv.slot, slot);
    Ok(Answer::EMPTY)
}

pub(in super::super) fn invoke_handler(inv: &Invocation<'_>, number: u16) -> Outcome {
    match inv.operation() {
        Some(Op::IrqAckIrq) => arch::acknowledge_irq(inv.k, number),
        Some(Op::IrqSetIrqHandler) => {
            let source = inv.extra_cap(0)?;
            match source.cap() {
                Cap::Notification(cap) if cap.rights.contains(CapRights::WRITE) => {
                    irq::set_handler(inv.k, number, derive::derive(source, source.cap())?, source)?;
                }
                _ => return Err(InvocationError::InvalidCapability { index: 0 }.into()),
            }
        }
        Some(Op::IrqClearIrqHandler) => irq::forget_handler(inv.k, number)?,
        _ => return Err(InvocationError::IllegalOperation.into()),
    }
    Ok(Answer::EMPTY)
}
