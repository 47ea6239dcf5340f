//! Operations on threads: registers, configuration, stopping and starting, notifications, flags.

use rel4_abi::user_context::Register;
use rel4_abi::{CapRights, InitialSlot, Invocation, InvocationError, ObjectType, Syscall};

use super::{LABELS, Machine};
use crate::cap::Cap;
use crate::object::ThreadState;

const CNODE: u64 = InitialSlot::CNode as u64;
const SPACE: u64 = InitialSlot::VSpace as u64;
const ROOT_TCB: u64 = InitialSlot::Tcb as u64;

const ILLEGAL: InvocationError = InvocationError::IllegalOperation;
const TRUNCATED: InvocationError = InvocationError::TruncatedMessage;

#[test]
fn registers_that_are_written_are_read_back() {
    let mut m = Machine::new();
    let thread = m.make(ObjectType::Tcb, 0);
    let registers: Vec<u64> = (0..32).map(|index| 0x1000 + index).collect();
    let words: Vec<u64> = [0, 32].into_iter().chain(registers.iter().copied()).collect();
    m.invoke(Invocation::TcbWriteRegisters, thread, &words, &[]).unwrap();
    let reply = m.call(thread, 2, &[0, 32], &[]);
    assert_eq!((reply.info.label(), reply.info.length()), (0, 32));
    let root = m.current();
    let word = |index| match index {
        0..4 => reply.words[index],
        // SAFETY: in the buffer's page, in the arena.
        _ => unsafe { m.buffer_word(root, 1 + index).unwrap().read() },
    };
    assert_eq!((0..32).map(word).collect::<Vec<_>>(), registers);
    let tcb = m.thread(thread);
    assert_eq!(tcb.context.next_pc.get(), 0x1000, "the program counter written is where the thread goes on");
}

#[test]
fn reading_and_writing_registers_check_in_order() {
    let mut m = Machine::new();
    let thread = m.make(ObjectType::Tcb, 0);
    let read = |cptr, words: &[u64]| m.invoke(Invocation::TcbReadRegisters, cptr, words, &[]).unwrap_err();
    let range = InvocationError::RangeError { min: 1, max: 32 };
    assert_eq!(read(thread, &[0]), TRUNCATED);
    for count in [0, 33, u64::MAX] {
        assert_eq!(read(ROOT_TCB, &[0, count]), range);
    }
    assert_eq!(read(ROOT_TCB, &[0, 32]), ILLEGAL);
    let write = |cptr, words: &[u64]| m.invoke(Invocation::TcbWriteRegisters, cptr, words, &[]);
    assert_eq!(write(thread, &[0]), Err(TRUNCATED));
    for count in [1, 33, u64::MAX] {
        assert_eq!(write(ROOT_TCB, &[0, count]), Err(TRUNCATED));
    }
    assert_eq!(write(ROOT_TCB, &[0, 0]), Err(ILLEGAL));
    assert!(write(thread, &[0; 120]).is_ok());
    let mut many = [0; 100];
    many[1] = 98;
    assert!(write(thread, &many).is_ok(), "a count beyond the last register is cut");
}

#[test]
fn writing_no_register_still_makes_a_thread_repeat_its_instruction() {
    let mut m = Machine::new();
    let thread = m.make(ObjectType::Tcb, 0);
    let tcb = m.thread(thread);
    tcb.context.fault_pc.set(0x100);
    tcb.context.next_pc.set(0x104);
    m.invoke(Invocation::TcbWriteRegisters, thread, &[0, 0], &[]).unwrap();
    assert_eq!(tcb.context.next_pc.get(), 0x100);
    assert_eq!(tcb.state(), ThreadState::Inactive, "not resumed");
}

#[test]
fn copied_registers_come_in_two_halves() {
    let mut m = Machine::new();
    let (from, to) = (m.make(ObjectType::Tcb, 0), m.make(ObjectType::Tcb, 0));
    let (source, target) = (m.thread(from), m.thread(to));
    for (index, &register) in Register::ALL.iter().enumerate() {
        source.context.set(register, 1 + index as u64);
    }
    let copied = || Register::ALL.iter().filter(|&&register| target.context.get(register) != 0).count();
    m.invoke(Invocation::TcbCopyRegisters, to, &[4], &[from]).unwrap();
    assert_eq!((copied(), target.context.next_pc.get()), (16, 1));
    m.invoke(Invocation::TcbCopyRegisters, to, &[8], &[from]).unwrap();
    assert_eq!(copied(), 32);
    assert_eq!(m.invoke(Invocation::TcbCopyRegisters, to, &[8], &[]), Err(TRUNCATED));
    assert_eq!(
        m.invoke(Invocation::TcbCopyRegisters, to, &[8], &[CNODE]),
        Err(InvocationError::InvalidCapability { index: 1 })
    );
}

#[test]
fn configure_checks_buffer_then_old_spaces_then_new_ones() {
    let mut m = Machine::new();
    let thread = m.make_thread(1);
    let untyped = m.make(ObjectType::Untyped, 12);
    m.retype_from(untyped, ObjectType::Notification, 0).unwrap();
    let (table, frame) = (m.make(ObjectType::PageTable, 0), m.make(ObjectType::Page, 0));
    let empty = m.free_slot();
    let configure =
        |words: [u64; 4], caps: &[u64]| m.invoke(Invocation::TcbConfigure, thread, &words, caps).map(|_| ());
    let at = 0x400;
    assert_eq!(configure([0, 0, 0, 0], &[CNODE, SPACE]), Err(TRUNCATED));
    assert_eq!(configure([0, 0, 0, 0], &[CNODE, SPACE, empty]), Ok(()));
    assert_eq!(configure([0, 0, 0, at], &[empty, SPACE, untyped]), Err(InvocationError::RevokeFirst));
    assert_eq!(configure([0, 0, 0, at], &[CNODE, SPACE, table]), Err(ILLEGAL));
    assert_eq!(configure([0, 0, 0, 1], &[CNODE, SPACE, CNODE]), Err(ILLEGAL));
    assert_eq!(configure([0, 0, 0, at + 8], &[empty, SPACE, frame]), Err(InvocationError::AlignmentError));
    assert_eq!(configure([0, 0, 0, at], &[empty, SPACE, frame]), Err(ILLEGAL));
    assert_eq!(configure([0, 0, 0, at], &[CNODE, table, frame]), Err(ILLEGAL));
    assert_eq!(configure([0, 0, 0, at], &[CNODE, CNODE, frame]), Err(ILLEGAL));
    assert_eq!(configure([0, 60, 0, at], &[CNODE, SPACE, frame]), Err(ILLEGAL), "the guard does not fit");
    assert_eq!(m.thread(thread).buffer_slot().cap(), Cap::Null, "a refused operation changes nothing");
    assert_eq!(configure([0, 0, 0, at], &[CNODE, SPACE, frame]), Ok(()));
    assert_eq!(m.thread(thread).ipc_buffer.get(), at);
}

#[test]
fn device_memory_is_no_ipc_buffer() {
    let mut m = Machine::new();
    let info = m.boot_info();
    let device = (info.untyped.start..info.untyped.end)
        .find(|&slot| matches!(m.cap(slot), Cap::Untyped(cap) if cap.device && cap.size_bits >= 12))
        .unwrap();
    let frame = m.retype_from(device, ObjectType::Page, 0).unwrap();
    let thread = m.make_thread(1);
    assert_eq!(m.invoke(Invocation::TcbSetIpcBuffer, thread, &[0x400], &[frame]), Err(ILLEGAL));
}

#[test]
fn a_thread_that_holds_the_last_capability_to_its_cnode_keeps_it() {
    let mut m = Machine::new();
    let thread = m.make_thread(1);
    let node = m.make(ObjectType::CNode, 4);
    m.invoke(Invocation::TcbSetSpace, thread, &[0, 0, 0], &[node, SPACE]).unwrap();
    m.delete(node).unwrap();
    assert!(matches!(m.thread(thread).cspace_root().cap(), Cap::CNode(_)));
    let result = m.invoke(Invocation::TcbSetSpace, thread, &[0, 0, 0], &[CNODE, SPACE]);
    assert_eq!(result, Err(ILLEGAL));
}

#[test]
fn revoking_an_original_takes_it_out_of_the_thread_that_uses_it() {
    let mut m = Machine::new();
    let thread = m.make_thread(1);
    let (node, frame) = (m.make(ObjectType::CNode, 4), m.make(ObjectType::Page, 0));
    m.invoke(Invocation::TcbConfigure, thread, &[0, 0, 0, 0x400], &[node, SPACE, frame]).unwrap();
    m.revoke(node).unwrap();
    m.revoke(frame).unwrap();
    let tcb = m.thread(thread);
    assert_eq!((tcb.cspace_root().cap(), tcb.buffer_slot().cap()), (Cap::Null, Cap::Null));
}

#[test]
fn a_thread_that_suspends_itself_does_so_again_when_it_is_resumed() {
    let mut m = Machine::new();
    let thread = m.make_thread(255);
    let root = m.current();
    m.resume(thread);
    m.simple(Syscall::Yield, 0, &[]);
    let tcb = m.current();
    tcb.context.fault_pc.set(0x200);
    let label = Invocation::TcbSuspend.encode(LABELS).unwrap();
    m.call(thread, label, &[], &[]);
    assert_eq!((m.current(), tcb.state(), tcb.context.fault_pc.get()), (root, ThreadState::Inactive, 0x200));
    m.resume(thread);
    m.simple(Syscall::Yield, 0, &[]);
    assert_eq!((m.current(), tcb.context.next_pc.get()), (tcb, 0x200));
}

#[test]
fn a_running_thread_that_is_suspended_goes_on_behind_its_last_instruction() {
    let mut m = Machine::new();
    let thread = m.make_thread(255);
    let tcb = m.thread(thread);
    m.resume(thread);
    m.simple(Syscall::Yield, 0, &[]);
    tcb.context.fault_pc.set(0x300);
    m.simple(Syscall::Yield, 0, &[]);
    m.invoke(Invocation::TcbSuspend, thread, &[], &[]).unwrap();
    assert_eq!(tcb.context.fault_pc.get(), 0x304);
}

#[cfg(feature = "sync-ipc")]
#[test]
fn resuming_a_waiting_thread_makes_it_wait_again_at_the_same_instruction() {
    let mut m = Machine::new();
    let ep = m.make(ObjectType::Endpoint, 0);
    let thread = m.make_thread(255);
    let tcb = m.thread(thread);
    m.resume(thread);
    m.simple(Syscall::Yield, 0, &[]);
    tcb.context.fault_pc.set(0x500);
    m.simple(Syscall::Recv, ep, &[]);
    m.resume(thread);
    let Cap::Endpoint(cap) = m.cap(ep) else { panic!() };
    assert!(cap.endpoint.waiting().is_empty());
    m.simple(Syscall::Yield, 0, &[]);
    assert_eq!((m.current(), tcb.context.next_pc.get()), (tcb, 0x500));
}

#[test]
fn a_notification_is_bound_to_one_thread_and_a_thread_to_one_notification() {
    let mut m = Machine::new();
    let (a, b) = (m.make_thread(1), m.make_thread(1));
    let (one, two) = (m.make(ObjectType::Notification, 0), m.make(ObjectType::Notification, 0));
    let write_only = m.mint(two, CapRights::WRITE, 1);
    let bind = |thread, notification: &[u64]| {
        m.invoke(Invocation::TcbBindNotification, thread, &[], notification).map(|_| ())
    };
    let unbind = |thread| m.invoke(Invocation::TcbUnbindNotification, thread, &[], &[]).map(|_| ());
    assert_eq!(unbind(a), Err(ILLEGAL));
    assert_eq!(bind(a, &[]), Err(TRUNCATED));
    assert_eq!(bind(a, &[CNODE]), Err(ILLEGAL));
    assert_eq!(bind(a, &[write_only]), Err(ILLEGAL));
    assert_eq!(bind(a, &[one]), Ok(()));
    assert_eq!(bind(a, &[two]), Err(ILLEGAL));
    assert_eq!(bind(b, &[one]), Err(ILLEGAL));
    assert_eq!(unbind(a), Ok(()));
    assert_eq!(bind(b, &[one]), Ok(()));
    m.delete(one).unwrap();
    assert_eq!(m.thread(b).bound_notification(), None, "it went away with its last capability");
    assert_eq!(bind(b, &[two]), Ok(()));
    m.delete(b).unwrap();
    assert_eq!(bind(a, &[two]), Ok(()), "the thread that it was bound to is gone");
}

#[test]
fn only_the_known_flag_can_be_set() {
    let mut m = Machine::new();
    let thread = m.make_thread(1);
    let set = |clear, set| m.invoke(Invocation::TcbSetFlags, thread, &[clear, set], &[]).unwrap()[0];
    assert_eq!(set(0, u64::MAX), 1);
    assert_eq!(set(0, 0), 1);
    assert_eq!(set(u64::MAX, 0), 0);
    assert_eq!(set(1, 1), 1);
}

#[test]
fn priorities_are_checked_authority_first() {
    let mut m = Machine::new();
    let thread = m.make_thread(1);
    let invoke =
        |operation, words: &[u64], caps: &[u64]| m.invoke(operation, thread, words, caps).unwrap_err();
    for (operation, words) in [
        (Invocation::TcbSetPriority, 1),
        (Invocation::TcbSetMcPriority, 1),
        (Invocation::TcbSetSchedParams, 2),
    ] {
        assert_eq!(invoke(operation, &vec![0; words - 1], &[ROOT_TCB]), TRUNCATED);
        assert_eq!(invoke(operation, &vec![0; words], &[]), TRUNCATED);
        assert_eq!(
            invoke(operation, &vec![999; words], &[CNODE]),
            InvocationError::InvalidCapability { index: 1 }
        );
        let range = InvocationError::RangeError { min: 0, max: 0 };
        assert_eq!(
            invoke(operation, &vec![1; words], &[thread]),
            range,
            "a thread's own maximum is 0 at first"
        );
    }
}
