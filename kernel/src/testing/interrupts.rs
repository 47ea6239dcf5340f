//! Interrupt sources and their handlers; the domain schedule.

use rel4_abi::{CapRights, InitialSlot, Invocation, InvocationError, ObjectType};

use super::Machine;
use crate::arch::MAX_DEVICE_IRQ;
use crate::cap::Cap;

const CNODE: u64 = InitialSlot::CNode as u64;
const CONTROL: u64 = InitialSlot::IrqControl as u64;
const DOMAIN: u64 = InitialSlot::Domain as u64;

fn issue(m: &Machine, irq: u64, slot: u64) -> Result<(), InvocationError> {
    m.invoke(Invocation::IrqIssueIrqHandler, CONTROL, &[irq, slot, 64], &[CNODE]).map(|_| ())
}

#[test]
fn a_source_is_issued_once_until_its_last_handler_is_gone() {
    let mut m = Machine::new();
    let (slot, other) = (m.free_slot(), m.free_slot());
    let range = InvocationError::RangeError { min: 1, max: u64::from(crate::irq::MAX_IRQ) };
    for irq in [0, u64::from(crate::irq::MAX_IRQ) + 1, 1 << 16, u64::MAX] {
        assert_eq!(issue(&m, irq, slot), Err(range));
    }
    let owned_by_kernel = u64::from(MAX_DEVICE_IRQ) + 1;
    assert_eq!(issue(&m, owned_by_kernel, slot), Err(InvocationError::RevokeFirst));
    assert_eq!(issue(&m, 10, CNODE), Err(InvocationError::DeleteFirst));
    assert_eq!(issue(&m, 10, slot), Ok(()));
    assert_eq!(issue(&m, 10, other), Err(InvocationError::RevokeFirst));
    m.invoke(Invocation::CNodeCopy, CNODE, &[other, 64, slot, 64, 0], &[CNODE]).unwrap();
    m.delete(slot).unwrap();
    assert!(m.k.irqs.is_taken(10));
    m.revoke(CONTROL).unwrap();
    assert_eq!((m.cap(other), m.k.irqs.is_taken(10)), (Cap::Null, false));
    assert_eq!(issue(&m, u64::from(MAX_DEVICE_IRQ), slot), Ok(()));
}

#[test]
fn a_handler_holds_a_copy_of_its_notification() {
    let mut m = Machine::new();
    let handler = m.free_slot();
    issue(&m, 5, handler).unwrap();
    let notification = m.make(ObjectType::Notification, 0);
    let (read_only, badged) =
        (m.mint(notification, CapRights::READ, 1), m.mint(notification, CapRights::ALL, 2));
    let set = |caps: &[u64]| m.invoke(Invocation::IrqSetIrqHandler, handler, &[], caps).map(|_| ());
    assert_eq!(set(&[]), Err(InvocationError::TruncatedMessage));
    for wrong in [read_only, CNODE] {
        assert_eq!(set(&[wrong]), Err(InvocationError::InvalidCapability { index: 0 }));
    }
    assert_eq!((set(&[badged]), set(&[notification])), (Ok(()), Ok(())), "the second replaces the first");
    let Cap::Notification(cap) = m.cap(notification) else { panic!() };
    let root = m.current();
    for slot in [badged, notification, read_only] {
        m.delete(slot).unwrap();
    }
    m.invoke(Invocation::TcbBindNotification, InitialSlot::Tcb as u64, &[], &[notification]).unwrap_err();
    cap.notification.bind(root);
    m.check();
    m.invoke(Invocation::IrqClearIrqHandler, handler, &[], &[]).unwrap();
    assert_eq!(root.bound_notification(), None, "the handler held the last capability");
}

#[test]
fn acknowledging_and_forgetting_always_succeed() {
    let mut m = Machine::new();
    let handler = m.free_slot();
    issue(&m, 5, handler).unwrap();
    for operation in [Invocation::IrqAckIrq, Invocation::IrqClearIrqHandler] {
        m.invoke(operation, handler, &[], &[]).unwrap();
    }
}

#[test]
fn the_only_domain_is_checked_like_many() {
    let mut m = Machine::new();
    let thread = m.make_thread(1);
    let set =
        |words: &[u64], caps: &[u64]| m.invoke(Invocation::DomainSetSet, DOMAIN, words, caps).map(|_| ());
    assert_eq!(set(&[], &[thread]), Err(InvocationError::TruncatedMessage));
    assert_eq!(set(&[255], &[]), Err(InvocationError::InvalidArgument { index: 0 }));
    assert_eq!(set(&[0], &[]), Err(InvocationError::TruncatedMessage));
    assert_eq!(set(&[0], &[CNODE]), Err(InvocationError::InvalidArgument { index: 1 }));
    assert_eq!(set(&[0], &[thread]), Ok(()));
}

#[cfg(not(any(feature = "smp", rel4_domains)))]
#[test]
fn the_domain_schedule_has_one_entry_that_cannot_end() {
    let m = Machine::new();
    assert_eq!(crate::config::NUM_DOMAIN_SCHEDULES, 2);
    let configure =
        |words: &[u64]| m.invoke(Invocation::DomainScheduleConfigure, DOMAIN, words, &[]).map(|_| ());
    assert_eq!(configure(&[0, 0]), Err(InvocationError::TruncatedMessage));
    assert_eq!(configure(&[1, 9, 9]), Err(InvocationError::RangeError { min: 0, max: 0 }));
    assert_eq!(configure(&[0, 1, 1 << 56]), Err(InvocationError::RangeError { min: 0, max: 0 }));
    assert_eq!(configure(&[0, 0, 1 << 56]), Err(InvocationError::InvalidArgument { index: 2 }));
    assert_eq!(configure(&[0, 0, 0]), Err(InvocationError::InvalidArgument { index: 2 }));
    assert_eq!(configure(&[0, 0, (1 << 56) - 1]), Ok(()));
    let start = |words: &[u64]| m.invoke(Invocation::DomainScheduleSetStart, DOMAIN, words, &[]).map(|_| ());
    assert_eq!(start(&[]), Err(InvocationError::TruncatedMessage));
    assert_eq!(start(&[2]), Err(InvocationError::RangeError { min: 0, max: 1 }));
    assert_eq!(start(&[1]), Err(InvocationError::InvalidArgument { index: 0 }));
    assert_eq!(start(&[0]), Ok(()));
}
