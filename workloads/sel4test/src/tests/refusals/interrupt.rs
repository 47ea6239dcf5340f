//! Interrupts. What hands them out is tested in the driver, which alone has it.

use rel4_abi::{CPtr, CapRights, Invocation, InvocationError, LookupFailure, LookupSide};
use rel4_runtime::cap::{CNode, IrqHandler, Notification, Trigger};
use rel4_runtime::error::Error;

use super::{
    Answer, DELETE_FIRST, ILLEGAL_OPERATION, REVOKE_FIRST, check_unknown, check_wants_all,
    invalid_capability, lookup_failed, out_of_range,
};
use crate::cspace::{self, IRQ_CONTROL, TIMER_IRQ, slot};
use crate::env::{Env, is_empty};
use crate::report::Outcome;
use crate::test::{Need, Test, basic, bootstrap};

pub(in super::super) const TESTS: &[Test] = &[
    basic("REL4_IRQ0001", "an interrupt signals notifications only", handler).needing(Need::Timer),
    bootstrap("REL4_IRQ0002", "interrupts are handed out once, and only those that exist", control),
    bootstrap("REL4_IRQ0003", "handing out interrupts wants all words and the root", control_short),
];

/// An interrupt that no device uses: the first slot for devices of the emulator's bus, which stays empty.
const UNUSED_IRQ: u64 = 1;

fn handler(env: &mut Env) -> Outcome {
    let notification = env.notification()?;
    let mute = Notification(env.copy_with(notification.0, CapRights::NO_WRITE)?);
    check_wants_all(TIMER_IRQ.0, Invocation::IrqSetIrqHandler, &[notification.0], &[]);
    for no_notification in [mute, Notification(env.endpoint()?.0), Notification(env.empty_slot()?)] {
        check_eq!(TIMER_IRQ.set_notification(no_notification), invalid_capability(0));
    }
    check_unknown(TIMER_IRQ.0, &[Invocation::IrqIssueIrqHandler, Invocation::TcbResume]);
    let copy = IrqHandler(env.copy(TIMER_IRQ.0)?);
    check_eq!(copy.set_notification(notification), Ok(()));
    check_eq!([copy.ack(), copy.clear(), TIMER_IRQ.clear()], [Ok(()); 3]);
    Ok(())
}

/// The last interrupt, as the kernel's answer tells.
fn last_irq(env: &mut Env) -> Outcome<u64> {
    match IRQ_CONTROL.issue(0, slot(env.empty_slot()?)) {
        Err(Error::Refused(InvocationError::RangeError { min: 1, max })) => Ok(max),
        other => {
            check_eq!(other, out_of_range(1, u64::MAX));
            Ok(u64::MAX)
        }
    }
}

fn control(env: &mut Env) -> Outcome {
    let last = last_irq(env)?;
    let (first, second, occupied) = (env.empty_slot()?, env.empty_slot()?, env.endpoint()?.0);
    let issues: [fn(u64, CPtr) -> Answer; 3] = [
        |irq, target| IRQ_CONTROL.issue(irq, slot(target)),
        |irq, target| IRQ_CONTROL.issue_with_trigger(irq, Trigger::Level, slot(target)),
        |irq, target| IRQ_CONTROL.issue_with_trigger(irq, Trigger::Edge, slot(target)),
    ];
    for issue in issues {
        for irq in [0, last + 1, u64::MAX] {
            check_eq!(issue(irq, first), out_of_range(1, last));
        }
        // The kernel's own timer.
        check_eq!(issue(last, first), REVOKE_FIRST);
        check_eq!(issue(UNUSED_IRQ, occupied), DELETE_FIRST);
        check_eq!(is_empty(slot(first)), Ok(true));

        check_eq!(issue(UNUSED_IRQ, first), Ok(()));
        check_eq!(issue(UNUSED_IRQ, second), REVOKE_FIRST);
        check_eq!(issue(UNUSED_IRQ, occupied), REVOKE_FIRST);
        // It is free when the last capability to it is gone.
        slot(second).copy_from(slot(first), CapRights::ALL)?;
        slot(first).delete()?;
        check_eq!(issue(UNUSED_IRQ, first), REVOKE_FIRST);
        slot(second).delete()?;
        check_eq!(issue(UNUSED_IRQ, first), Ok(()));
        slot(first).delete()?;
    }
    Ok(())
}

fn control_short(env: &mut Env) -> Outcome {
    let (control, target, root) = (IRQ_CONTROL.0, env.empty_slot()?, cspace::CNODE.0);
    let [index, depth] = slot(target).address();
    check_wants_all(control, Invocation::IrqIssueIrqHandler, &[root], &[UNUSED_IRQ, index, depth]);
    let words = [UNUSED_IRQ, 0, index, depth];
    check_wants_all(control, Invocation::RiscvIrqIssueIrqHandlerTrigger, &[root], &words);
    check_unknown(control, &[Invocation::IrqAckIrq, Invocation::IrqSetIrqHandler, Invocation::CNodeCopy]);
    let no_root = lookup_failed(LookupSide::Target, LookupFailure::InvalidRoot);
    let not_a_node = CNode(cspace::TCB.0);
    check_eq!(IRQ_CONTROL.issue(UNUSED_IRQ, not_a_node.slot_of_cspace(target)), no_root);
    check_eq!(slot(target).copy_from(slot(control), CapRights::ALL), ILLEGAL_OPERATION);
    check_eq!(is_empty(slot(target)), Ok(true));
    Ok(())
}
