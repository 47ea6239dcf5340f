//! Each invocation, as the kernel sees it.

use std::cell::RefCell;
use std::rc::Rc;

use rel4_abi::{
    CNodeCapData, CPtr, CapRights, Invocation, InvocationError, LabelSet, LookupFailure, LookupSide,
    ObjectType, Register, UserContext, VmAttributes,
};

use super::*;
use crate::arch::scripted::{self, Seen};
use crate::error::Error;

/// Runs `body` against a kernel that accepts everything with `answer`, and gives what that kernel saw.
fn seen<T>(answer: &[u64], body: impl FnOnce() -> Result<T, Error>) -> (Seen, T) {
    let log = Rc::new(RefCell::new(None));
    let (kernel_log, answer) = (Rc::clone(&log), answer.to_vec());
    scripted::install(move |request| {
        *kernel_log.borrow_mut() = Some(request.clone());
        Ok(answer.clone())
    });
    let result = body().expect("the kernel accepts everything");
    (log.take().expect("the kernel was invoked"), result)
}

fn expected(target: u64, invocation: Invocation, caps: &[u64], words: &[u64]) -> Seen {
    let caps = caps.iter().copied().map(CPtr).collect();
    Seen { target: CPtr(target), invocation: Some(invocation), words: words.to_vec(), caps }
}

const NODE: CNode = CNode(CPtr(2));

#[test]
fn retype_names_the_destination_node_itself_with_depth_0() {
    let (request, ()) = seen(&[], || Untyped(CPtr(40)).retype(ObjectType::CNode, 4, NODE, 100, 3));
    assert_eq!(request, expected(40, Invocation::UntypedRetype, &[2], &[4, 4, 0, 0, 100, 3]));
}

#[test]
fn retype_passes_the_address_of_a_node_that_is_looked_up() {
    let node = NODE.slot_of_cspace(CPtr(2));
    let (request, ()) = seen(&[], || Untyped(CPtr(40)).retype_into(ObjectType::Page, 0, node, 100, 1));
    assert_eq!(request, expected(40, Invocation::UntypedRetype, &[2], &[6, 0, 2, 64, 100, 1]));
}

#[test]
fn slot_operations_pass_both_addresses() {
    let (source, target) = (NODE.slot_of_cspace(CPtr(7)), CNode(CPtr(50)).slot(1, 4));
    let (request, ()) = seen(&[], || target.copy_from(source, CapRights::READ));
    assert_eq!(request, expected(50, Invocation::CNodeCopy, &[2], &[1, 4, 7, 64, 2]));
    let (request, ()) = seen(&[], || target.mint_badged_from(source, CapRights::ALL, 9));
    assert_eq!(request, expected(50, Invocation::CNodeMint, &[2], &[1, 4, 7, 64, 15, 9]));
    let (request, ()) = seen(&[], || target.mint_guarded_from(source, CNodeCapData::fill(4)));
    assert_eq!(request, expected(50, Invocation::CNodeMint, &[2], &[1, 4, 7, 64, 15, 60]));
    let (request, ()) = seen(&[], || target.move_from(source));
    assert_eq!(request, expected(50, Invocation::CNodeMove, &[2], &[1, 4, 7, 64]));
    let guard = CNodeCapData::new(1, 2);
    let (request, ()) = seen(&[], || target.mutate_from(source, guard));
    assert_eq!(request, expected(50, Invocation::CNodeMutate, &[2], &[1, 4, 7, 64, guard.word()]));
    let pivot = CNode(CPtr(51)).slot(2, 5);
    let (request, ()) = seen(&[], || target.rotate_from(pivot, source));
    assert_eq!(request, expected(50, Invocation::CNodeRotate, &[51, 2], &[1, 4, 0, 2, 5, 0, 7, 64]));
    let (request, ()) = seen(&[], || target.cancel_badged_sends());
    assert_eq!(request, expected(50, Invocation::CNodeCancelBadgedSends, &[], &[1, 4]));
    let (request, ()) = seen(&[], || target.delete());
    assert_eq!(request, expected(50, Invocation::CNodeDelete, &[], &[1, 4]));
    let (request, ()) = seen(&[], || target.revoke());
    assert_eq!(request, expected(50, Invocation::CNodeRevoke, &[], &[1, 4]));
    let (request, ()) = seen(&[], || target.save_caller());
    assert_eq!(request, expected(50, Invocation::CNodeSaveCaller, &[], &[1, 4]));
}

#[test]
fn memory_operations_pass_address_rights_and_attributes() {
    let vspace = VSpace(CPtr(3));
    let (request, ()) =
        seen(&[], || Frame(CPtr(8)).map(vspace, 0x1000, CapRights::READ_WRITE, VmAttributes::EXECUTE_NEVER));
    assert_eq!(request, expected(8, Invocation::RiscvPageMap, &[3], &[0x1000, 3, 1]));
    let (request, ()) = seen(&[], || Frame(CPtr(8)).unmap());
    assert_eq!(request, expected(8, Invocation::RiscvPageUnmap, &[], &[]));
    let (request, paddr) = seen(&[0x8000_0000], || Frame(CPtr(8)).physical_address());
    assert_eq!(request, expected(8, Invocation::RiscvPageGetAddress, &[], &[]));
    assert_eq!(paddr, 0x8000_0000);
    let (request, ()) = seen(&[], || PageTable(CPtr(9)).map(vspace, 0x1000));
    assert_eq!(request, expected(9, Invocation::RiscvPageTableMap, &[3], &[0x1000, 0]));
    let (request, ()) = seen(&[], || PageTable(CPtr(9)).unmap());
    assert_eq!(request, expected(9, Invocation::RiscvPageTableUnmap, &[], &[]));
    let (request, assigned) = seen(&[], || AsidPool(CPtr(6)).assign(PageTable(CPtr(9))));
    assert_eq!(request, expected(6, Invocation::RiscvAsidPoolAssign, &[9], &[]));
    assert_eq!(assigned, VSpace(CPtr(9)));
}

#[test]
fn thread_operations_pass_spaces_priorities_and_registers() {
    let (tcb, authority) = (Tcb(CPtr(20)), Tcb(CPtr(1)));
    let spaces = Spaces {
        fault_handler: CPtr(1),
        cspace: CNode(CPtr(50)),
        cspace_guard: CNodeCapData::fill(4),
        vspace: VSpace(CPtr(3)),
        ipc_buffer_vaddr: 0x2000_0000,
        ipc_buffer: Frame(CPtr(8)),
    };
    let (request, ()) = seen(&[], || tcb.configure(&spaces));
    assert_eq!(request, expected(20, Invocation::TcbConfigure, &[50, 3, 8], &[1, 60, 0, 0x2000_0000]));
    let (request, ()) = seen(&[], || tcb.set_priority(authority, 9));
    assert_eq!(request, expected(20, Invocation::TcbSetPriority, &[1], &[9]));
    let (request, ()) = seen(&[], || tcb.set_sched_params(authority, 0, 254));
    assert_eq!(request, expected(20, Invocation::TcbSetSchedParams, &[1], &[0, 254]));
    let (request, ()) = seen(&[], || tcb.bind_notification(Notification(CPtr(5))));
    assert_eq!(request, expected(20, Invocation::TcbBindNotification, &[5], &[]));
    let (request, flags) = seen(&[5], || tcb.set_flags(2, 1));
    assert_eq!((request, flags), (expected(20, Invocation::TcbSetFlags, &[], &[2, 1]), 5));
    let (request, ()) = seen(&[], || tcb.suspend());
    assert_eq!(request, expected(20, Invocation::TcbSuspend, &[], &[]));
    let (request, ()) = seen(&[], || tcb.resume());
    assert_eq!(request, expected(20, Invocation::TcbResume, &[], &[]));

    let (request, ()) = seen(&[], || tcb.unbind_notification());
    assert_eq!(request, expected(20, Invocation::TcbUnbindNotification, &[], &[]));
    let (request, ()) =
        seen(&[], || tcb.set_space(CPtr(1), CNode(CPtr(50)), CNodeCapData::fill(4), VSpace(CPtr(3))));
    assert_eq!(request, expected(20, Invocation::TcbSetSpace, &[50, 3], &[1, 60, 0]));
    let (request, ()) = seen(&[], || tcb.set_ipc_buffer(0x2000_0000, Frame(CPtr(8))));
    assert_eq!(request, expected(20, Invocation::TcbSetIpcBuffer, &[8], &[0x2000_0000]));
    let (request, ()) = seen(&[], || tcb.set_max_controlled_priority(authority, 7));
    assert_eq!(request, expected(20, Invocation::TcbSetMcPriority, &[1], &[7]));
    let (request, ()) = seen(&[], || tcb.set_tls_base(0x3000));
    assert_eq!(request, expected(20, Invocation::TcbSetTlsBase, &[], &[0x3000]));
    let transfer = RegisterTransfer::FRAME.and(RegisterTransfer::RESUME_TARGET);
    let (request, ()) = seen(&[], || tcb.copy_registers_from(authority, transfer));
    assert_eq!(request, expected(20, Invocation::TcbCopyRegisters, &[1], &[6]));

    let mut context = UserContext::default();
    context.set(Register::Pc, 0x10000);
    context.set(Register::Tp, 0x2000_0000);
    let mut words = [0; 34];
    (words[1], words[2], words[33]) = (32, 0x10000, 0x2000_0000);
    let (request, ()) = seen(&[], || tcb.write_registers(&context));
    assert_eq!(request, expected(20, Invocation::TcbWriteRegisters, &[], &words));
    words[0] = 1;
    let (request, ()) = seen(&[], || tcb.write_registers_and_resume(&context));
    assert_eq!(request, expected(20, Invocation::TcbWriteRegisters, &[], &words));
    let (request, read) = seen(&context.0, || tcb.suspend_and_read_registers());
    assert_eq!(request, expected(20, Invocation::TcbReadRegisters, &[], &[1, 32]));
    assert_eq!(read, context);
    let (request, read) = seen(&context.0, || tcb.read_registers());
    assert_eq!(request, expected(20, Invocation::TcbReadRegisters, &[], &[0, 32]));
    assert_eq!(read, context);
}

#[test]
fn authorities_pass_what_they_are_told() {
    let slot = NODE.slot_of_cspace(CPtr(70));
    let (request, ()) = seen(&[], || AsidControl(CPtr(5)).make_pool(Untyped(CPtr(40)), slot));
    assert_eq!(request, expected(5, Invocation::RiscvAsidControlMakePool, &[40, 2], &[70, 64]));
    let domains = DomainControl(CPtr(11));
    let (request, ()) = seen(&[], || domains.set(3, Tcb(CPtr(20))));
    assert_eq!(request, expected(11, Invocation::DomainSetSet, &[20], &[3]));
    let (request, ()) = seen(&[], || domains.configure_schedule(1, 3, 50));
    assert_eq!(request, expected(11, Invocation::DomainScheduleConfigure, &[], &[1, 3, 50]));
    let (request, ()) = seen(&[], || domains.set_schedule_start(1));
    assert_eq!(request, expected(11, Invocation::DomainScheduleSetStart, &[], &[1]));
}

#[test]
fn interrupt_operations_pass_number_slot_and_notification() {
    let slot = NODE.slot_of_cspace(CPtr(77));
    let (request, ()) = seen(&[], || IrqControl(CPtr(4)).issue(10, slot));
    assert_eq!(request, expected(4, Invocation::IrqIssueIrqHandler, &[2], &[10, 77, 64]));
    let (request, ()) = seen(&[], || IrqHandler(CPtr(77)).set_notification(Notification(CPtr(5))));
    assert_eq!(request, expected(77, Invocation::IrqSetIrqHandler, &[5], &[]));
    let (request, ()) = seen(&[], || IrqControl(CPtr(4)).issue_with_trigger(10, Trigger::Edge, slot));
    assert_eq!(request, expected(4, Invocation::RiscvIrqIssueIrqHandlerTrigger, &[2], &[10, 1, 77, 64]));
    let (request, ()) = seen(&[], || IrqHandler(CPtr(77)).clear());
    assert_eq!(request, expected(77, Invocation::IrqClearIrqHandler, &[], &[]));
    let (request, ()) = seen(&[], || IrqHandler(CPtr(77)).ack());
    assert_eq!(request, expected(77, Invocation::IrqAckIrq, &[], &[]));
}

#[test]
fn a_refusal_comes_back_with_all_its_words() {
    let failure = LookupFailure::GuardMismatch { bits_left: 64, guard_found: 5, bits_found: 60 };
    let refusal = InvocationError::FailedLookup { side: LookupSide::Source, failure };
    scripted::install(move |_| Err(refusal));
    assert_eq!(Tcb(CPtr(20)).resume(), Err(Error::Refused(refusal)));
}

#[test]
fn an_invocation_the_kernel_lacks_is_refused_without_asking_it() {
    assert_eq!(crate::labels::selected(), LabelSet::SingleCore);
    scripted::install(|_| unreachable!("a single-core kernel has no label for this"));
    assert_eq!(Tcb(CPtr(20)).set_affinity(1), Err(Error::Refused(InvocationError::IllegalOperation)));
}
