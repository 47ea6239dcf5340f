//! Faults in a kernel without endpoints: what is recorded where, who is told, what an answer does, and what becomes of a registration whose
//! parts go away.

use rel4_abi::fault::FaultStatus;
use rel4_abi::fault_record::RECORD_BYTES;
use rel4_abi::user_context::Register;
use rel4_abi::{
    CapRights, FaultInvocation, FaultMessage, FaultRecord, InitialSlot, Invocation, InvocationError,
    LookupFailure, ObjectType, Syscall,
};

use super::Machine;
use crate::arch;
use crate::cap::Cap;
use crate::obj::Obj;
use crate::object::{Tcb, ThreadState};
use crate::trap::Cause;

const ROOT: u64 = InitialSlot::CNode as u64;
const SPACE: u64 = InitialSlot::VSpace as u64;
const TCB: u64 = InitialSlot::Tcb as u64;
const ILLEGAL: InvocationError = InvocationError::IllegalOperation;
const TRUNCATED: InvocationError = InvocationError::TruncatedMessage;
/// What the handler calls the client.
const CLIENT: u64 = 0xc11e_0000_0000_0001;
const BADGE: u64 = 0b1000;
/// The record that the client's faults go to.
const INDEX: u64 = 3;
const RECORDS: u64 = 4096 / RECORD_BYTES;

type Outcome = Result<(), InvocationError>;

fn call(m: &Machine, operation: FaultInvocation, cptr: u64, words: &[u64], caps: &[u64]) -> Outcome {
    m.call(cptr, operation.label(), words, caps).result().map(drop)
}

/// The words of a frame, wherever it is mapped.
fn words(m: &Machine, frame: u64) -> Vec<u64> {
    let Cap::Frame(cap) = m.root_slot(frame).cap() else { panic!("{frame} is no frame") };
    let at: *const u64 = arch::phys_to_virt(cap.base).cast_const().cast();
    // SAFETY: a frame of the machine's memory, which nothing changes meanwhile.
    unsafe { core::slice::from_raw_parts(at, cap.size.bytes() as usize / 8) }.to_vec()
}

fn record(m: &Machine, frame: u64, index: u64) -> FaultRecord {
    let words = words(m, frame);
    let first = (index * RECORD_BYTES) as usize / 8;
    FaultRecord::from_words(words[first..first + FaultRecord::WORDS].try_into().unwrap())
}

/// A client that runs, and its handler, the root task, which waits and has the higher priority.
struct Pair {
    m: Machine,
    notification: u64,
    badged: u64,
    frame: u64,
    client_cptr: u64,
    client: Obj<Tcb>,
    handler: Obj<Tcb>,
}

fn pair() -> Pair {
    let mut m = Machine::new();
    let (notification, frame) = (m.make(ObjectType::Notification, 0), m.make(ObjectType::Page, 0));
    let badged = m.mint(notification, CapRights::WRITE, BADGE);
    let client_cptr = m.make_thread(1);
    let (handler, client) = (m.current(), m.thread(client_cptr));
    let pair = Pair { m, notification, badged, frame, client_cptr, client, handler };
    pair.register(pair.badged, pair.frame).unwrap();
    pair.m.resume(client_cptr);
    pair.wait();
    client.context.next_pc.set(0x1000);
    client.context.fault_pc.set(0x1000);
    pair
}

impl Pair {
    fn register(&self, notification: u64, frame: u64) -> Outcome {
        let operation = FaultInvocation::SetHandler;
        call(&self.m, operation, self.client_cptr, &[INDEX, CLIENT], &[notification, frame])
    }

    /// The handler waits, and the client runs.
    fn wait(&self) {
        assert_eq!(self.m.current(), self.handler);
        self.m.simple(Syscall::Recv, self.notification, &[]);
        assert_eq!(self.m.current(), self.client);
    }

    fn record(&self) -> FaultRecord {
        record(&self.m, self.frame, INDEX)
    }

    /// What the handler, which runs again, was told.
    fn told(&self) -> FaultMessage {
        assert_eq!((self.m.current(), self.m.reply_of(self.handler).badge), (self.handler, BADGE));
        assert_eq!(self.client.state(), ThreadState::BlockedOnReply);
        let record = self.record();
        assert_eq!((record.thread, record.badge, record.reserved), (CLIENT, BADGE, 0));
        record.fault().expect("the record holds a fault")
    }

    fn answer(&self, words: &[u64]) -> Outcome {
        call(&self.m, FaultInvocation::Answer, self.client_cptr, words, &[])
    }

    /// The client faults while nobody is told: it has stopped, and nothing was written.
    fn faults_unheard(&self, frame_word_count: usize) {
        assert_eq!(self.m.current(), self.client);
        self.m.trap(Cause::Exception(3));
        assert_eq!(self.client.state(), ThreadState::Inactive);
        assert!(self.client.fault.get().is_none());
        if frame_word_count != 0 {
            assert_eq!(words(&self.m, self.frame), vec![0; frame_word_count], "nothing was recorded");
        }
    }
}

#[test]
fn an_unknown_system_call_is_recorded_with_its_registers_and_answered_into_them() {
    use Register::{A0, A1, A2, A3, A4, A5, A6, A7, Ra, Sp};
    let p = pair();
    let registers = [Sp, Ra, A0, A1, A2, A3, A4, A5, A6];
    for (index, &register) in registers.iter().enumerate() {
        p.client.context.set(register, 10 + index as u64);
    }
    p.client.context.set(A7, 0x1_0000_0001);
    p.m.ecall();
    let arguments = [12, 13, 14, 15, 16, 17, 18];
    let expected =
        FaultMessage::UnknownSyscall { pc: 0x1000, sp: 10, ra: 11, arguments, number: 0x1_0000_0001 };
    assert_eq!(p.told(), expected);
    assert_eq!(p.record().info, rel4_abi::MessageInfo::new(2, 0, 0, 11));
    p.answer(&[0, 0x2000, 1, 2, 3, 4, 5, 6, 7, 8, 9, 99]).unwrap();
    p.wait();
    assert_eq!(p.client.context.next_pc.get(), 0x2000);
    assert_eq!(registers.map(|register| p.client.context.get(register)), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(p.client.context.get(A7), 0x1_0000_0001, "a7 is not answered");
}

#[test]
fn an_answer_without_words_executes_the_instruction_again() {
    let p = pair();
    p.client.context.set(Register::A7, 77);
    p.m.ecall();
    p.answer(&[0]).unwrap();
    p.wait();
    assert_eq!(p.client.context.next_pc.get(), 0x1000);
    p.m.ecall();
    assert_eq!((p.record().sequence, p.record().info.label()), (2, 2), "it faults again");
}

#[test]
fn a_refused_exception_stops_the_thread_with_the_registers_of_the_answer() {
    let p = pair();
    p.m.trap(Cause::Exception(3));
    assert_eq!(p.told(), FaultMessage::UserException { pc: 0x1000, sp: 0, number: 3, code: 0 });
    p.answer(&[1, 0x3000, 0x4000, 5]).unwrap();
    assert_eq!(p.client.state(), ThreadState::Inactive);
    assert_eq!((p.client.context.fault_pc.get(), p.client.context.get(Register::Sp)), (0x3000, 0x4000));
    p.m.resume(p.client_cptr);
    p.wait();
    assert_eq!(p.client.context.next_pc.get(), 0x3000);
}

#[test]
fn any_answer_restarts_a_thread_after_a_memory_or_capability_fault() {
    for cause in [
        Cause::MemoryFault { address: 0x10, status: FaultStatus::Instruction },
        Cause::MemoryFault { address: 0x10, status: FaultStatus::Load },
        Cause::Syscall,
    ] {
        let p = pair();
        p.client.context.set(Register::A7, Syscall::Send.number() as u64);
        p.client.context.set(Register::A0, u64::MAX);
        p.m.trap(cause);
        match (cause, p.told()) {
            (
                Cause::MemoryFault { status, .. },
                FaultMessage::VmFault { pc, address, prefetch, status: kind },
            ) => {
                let is_fetch = u64::from(status == FaultStatus::Instruction);
                assert_eq!((pc, address, prefetch, kind), (0x1000, 0x10, is_fetch, status as u64));
            }
            (Cause::Syscall, FaultMessage::CapFault { pc, cptr, in_receive_phase, failure }) => {
                let expected = LookupFailure::GuardMismatch { bits_left: 64, guard_found: 0, bits_found: 51 };
                assert_eq!((pc, cptr, in_receive_phase, failure), (0x1000, u64::MAX, 0, expected));
            }
            told => panic!("{told:?}"),
        }
        p.answer(&[77, 0x9999, 1, 2]).unwrap();
        p.wait();
        assert_eq!(p.client.context.next_pc.get(), 0x1000, "{cause:?}");
    }
}

#[test]
fn receiving_from_nothing_is_a_capability_fault() {
    let p = pair();
    let missing = LookupFailure::MissingCapability { bits_left: 0 };
    for syscall in [Syscall::Recv, Syscall::NBRecv, Syscall::ReplyRecv] {
        p.m.simple(syscall, 4000, &[]);
        let FaultMessage::CapFault { cptr, in_receive_phase, failure, .. } = p.told() else { panic!() };
        assert_eq!((cptr, in_receive_phase, failure), (4000, 1, missing), "{syscall:?}");
        p.answer(&[0]).unwrap();
        p.wait();
    }
}

#[test]
fn every_fault_has_a_number_and_the_rest_of_the_frame_stays() {
    let p = pair();
    for sequence in 1..5 {
        p.m.trap(Cause::Exception(3));
        assert_eq!(p.record().sequence, sequence);
        p.answer(&[0]).unwrap();
        p.wait();
    }
    let other_records = (0..RECORDS).filter(|&index| index != INDEX);
    for index in other_records {
        assert_eq!(record(&p.m, p.frame, index), FaultRecord::default(), "{index}");
    }
}

#[test]
fn only_a_thread_that_waits_for_an_answer_is_answered_and_once() {
    let p = pair();
    p.m.trap(Cause::Exception(3));
    assert_eq!(p.answer(&[]), Err(TRUNCATED));
    p.answer(&[0, 0x2000]).unwrap();
    assert_eq!(p.answer(&[0, 0x3000]), Err(ILLEGAL), "it runs");
    assert_eq!(p.client.context.fault_pc.get(), 0x2000);
    assert_eq!(call(&p.m, FaultInvocation::Answer, TCB, &[0], &[]), Err(ILLEGAL), "the handler itself");
    p.m.invoke(Invocation::TcbSuspend, p.client_cptr, &[], &[]).unwrap();
    assert_eq!(p.answer(&[0]), Err(ILLEGAL), "it is suspended");
}

#[test]
fn a_thread_that_is_suspended_or_resumed_waits_for_no_answer_any_more() {
    for operation in [Invocation::TcbSuspend, Invocation::TcbResume] {
        let p = pair();
        p.m.trap(Cause::Exception(3));
        p.m.invoke(operation, p.client_cptr, &[], &[]).unwrap();
        assert_eq!(p.answer(&[0, 0x5000]), Err(ILLEGAL));
        let state =
            if operation == Invocation::TcbSuspend { ThreadState::Inactive } else { ThreadState::Restart };
        assert_eq!((p.client.state(), p.client.context.fault_pc.get()), (state, 0x1000));
    }
}

#[test]
fn a_thread_goes_on_where_its_registers_are_written_to() {
    let p = pair();
    p.m.trap(Cause::Exception(3));
    p.m.invoke(Invocation::TcbWriteRegisters, p.client_cptr, &[1, 1, 0x6000], &[]).unwrap();
    p.wait();
    assert_eq!(p.client.context.next_pc.get(), 0x6000);
}

#[test]
fn without_a_handler_a_thread_stops() {
    let p = pair();
    p.m.tick();
    p.m.simple(Syscall::Send, p.badged, &[]);
    assert_eq!(p.m.current(), p.handler);
    call(&p.m, FaultInvocation::ClearHandler, p.client_cptr, &[], &[]).unwrap();
    call(&p.m, FaultInvocation::ClearHandler, p.client_cptr, &[], &[]).unwrap();
    p.wait();
    p.faults_unheard(512);
}

/// The handler wakes up, does something, and waits; then the client runs again.
fn meanwhile(p: &Pair, deed: impl FnOnce(&Machine)) {
    p.m.simple(Syscall::Send, p.badged, &[]);
    assert_eq!(p.m.current(), p.handler);
    deed(&p.m);
    p.m.simple(Syscall::Recv, p.notification, &[]);
}

#[test]
fn revoking_the_notification_or_the_frame_ends_the_registration() {
    for revokes_frame in [false, true] {
        let p = pair();
        let original = if revokes_frame { p.frame } else { p.notification };
        meanwhile(&p, |m| {
            m.revoke(original).unwrap();
        });
        p.faults_unheard(512);
    }
}

#[test]
fn revoking_the_very_capability_that_was_registered_ends_the_registration() {
    let p = pair();
    meanwhile(&p, |m| {
        m.revoke(p.badged).unwrap();
    });
    p.faults_unheard(512);
}

#[test]
fn the_registration_outlives_the_handlers_own_capabilities() {
    let p = pair();
    meanwhile(&p, |m| {
        m.delete(p.badged).unwrap();
    });
    p.m.trap(Cause::Exception(3));
    assert!(matches!(p.told(), FaultMessage::UserException { .. }));
}

#[test]
fn memory_that_was_taken_back_is_not_written_to() {
    let mut m = Machine::new();
    let memory = m.make(ObjectType::Untyped, 12);
    let frame = m.retype_from(memory, ObjectType::Page, 0).unwrap();
    let notification = m.make(ObjectType::Notification, 0);
    let thread = m.make_thread(1);
    let tcb = m.thread(thread);
    call(&m, FaultInvocation::SetHandler, thread, &[0, 0], &[notification, frame]).unwrap();
    m.revoke(memory).unwrap();
    assert!(tcb.fault_frame().is_empty());
    // The same page is a table of capabilities now.
    let node = m.retype_from(memory, ObjectType::CNode, 7).unwrap();
    let Cap::CNode(node) = m.cap(node) else { panic!() };
    m.resume(thread);
    m.simple(Syscall::Recv, notification, &[]);
    assert_eq!(m.current(), tcb);
    m.trap(Cause::Exception(3));
    assert_eq!(tcb.state(), ThreadState::Inactive);
    assert!((0..128).all(|index| node.node.slot(index).is_empty()));
    m.check_all();
}

#[test]
fn a_handler_that_goes_while_the_thread_waits_leaves_it_stopped_and_answerable() {
    let p = pair();
    p.m.trap(Cause::Exception(3));
    p.m.revoke(p.frame).unwrap();
    p.m.revoke(p.notification).unwrap();
    assert_eq!(p.client.state(), ThreadState::BlockedOnReply);
    p.answer(&[0, 0x2000]).unwrap();
    p.wait();
    assert_eq!(p.client.context.next_pc.get(), 0x2000);
}

#[test]
fn a_thread_that_dies_takes_its_registration_along() {
    for faults_first in [false, true] {
        let p = pair();
        if faults_first {
            p.m.trap(Cause::Exception(3));
        } else {
            p.m.simple(Syscall::Send, p.badged, &[]);
        }
        p.m.delete(p.client_cptr).unwrap();
        p.m.check_all();
        let Cap::Notification(cap) = p.m.cap(p.notification) else { panic!() };
        assert!(!cap.notification.is_active());
    }
}

#[test]
fn a_notification_that_only_the_registration_kept_dies_with_it() {
    let p = pair();
    meanwhile(&p, |m| {
        m.delete(p.badged).unwrap();
        // Of those who wait on it nobody is left; the kernel's copy is its last capability.
        m.delete(p.notification).unwrap();
        call(m, FaultInvocation::ClearHandler, p.client_cptr, &[], &[]).unwrap();
        m.check_all();
        m.simple(Syscall::Yield, 0, &[]);
    });
}

#[test]
fn a_new_registration_replaces_the_old_one_and_counts_from_one() {
    let mut p = pair();
    p.m.trap(Cause::Exception(3));
    let (other, second) = (p.m.make(ObjectType::Notification, 0), p.m.make(ObjectType::Page, 0));
    let before = p.record();
    let words = [RECORDS - 1, 9];
    call(&p.m, FaultInvocation::SetHandler, p.client_cptr, &words, &[other, second]).unwrap();
    p.answer(&[0]).unwrap();
    p.m.simple(Syscall::Recv, other, &[]);
    p.m.trap(Cause::Exception(2));
    p.m.trap(Cause::Exception(2));
    let record = record(&p.m, second, RECORDS - 1);
    assert_eq!((record.sequence, record.thread, record.badge), (1, 9, 0));
    assert_eq!((p.record(), p.m.current()), (before, p.handler));
}

#[test]
fn a_registration_checks_what_it_is_given_in_this_order() {
    let mut m = Machine::new();
    let (notification, frame) = (m.make(ObjectType::Notification, 0), m.make(ObjectType::Page, 0));
    let (mega, empty, slot) = (m.make(ObjectType::MegaPage, 0), m.free_slot(), m.free_slot());
    let read_only = m.mint(notification, CapRights::READ, 1);
    m.invoke(Invocation::CNodeCopy, ROOT, &[slot, 64, frame, 64, CapRights::READ.word()], &[ROOT]).unwrap();
    let thread = m.make_thread(1);
    let set = |words: &[u64], caps: &[u64]| call(&m, FaultInvocation::SetHandler, thread, words, caps);
    assert_eq!(set(&[0], &[notification, frame]), Err(TRUNCATED));
    assert_eq!(set(&[0, 0], &[notification]), Err(TRUNCATED));
    for bad in [frame, empty, read_only, ROOT] {
        let error = InvocationError::InvalidCapability { index: 1 };
        assert_eq!(set(&[u64::MAX, 0], &[bad, ROOT]), Err(error), "{bad}");
    }
    for bad in [notification, empty, slot, SPACE] {
        let error = InvocationError::InvalidCapability { index: 2 };
        assert_eq!(set(&[u64::MAX, 0], &[notification, bad]), Err(error), "{bad}");
    }
    for (frame, records) in [(frame, RECORDS), (mega, (2 << 20) / RECORD_BYTES)] {
        for index in [records, u64::MAX, 1 << 57] {
            let error = InvocationError::RangeError { min: 0, max: records - 1 };
            assert_eq!(set(&[index, 0], &[notification, frame]), Err(error));
        }
        set(&[records - 1, 0], &[notification, frame]).unwrap();
    }
    let unknown = m.call(thread, 0x1023, &[0, 0], &[notification, frame]).result();
    assert_eq!(unknown, Err(ILLEGAL));
    let elsewhere = m.call(notification, FaultInvocation::SetHandler.label(), &[], &[]).result();
    assert!(elsewhere.is_ok(), "a notification has no operations: it was signalled");
}

#[test]
fn device_memory_gets_no_records() {
    let mut m = Machine::new();
    let device = m
        .untypeds
        .clone()
        .find(|&slot| matches!(m.cap(slot), Cap::Untyped(cap) if cap.device && cap.size_bits >= 12));
    let frame = m.retype_from(device.unwrap(), ObjectType::Page, 0).unwrap();
    let (notification, thread) = (m.make(ObjectType::Notification, 0), m.make_thread(1));
    let set = call(&m, FaultInvocation::SetHandler, thread, &[0, 0], &[notification, frame]);
    assert_eq!(set, Err(InvocationError::InvalidCapability { index: 2 }));
}

#[test]
fn the_last_record_of_a_large_frame_is_inside_it() {
    let mut m = Machine::new();
    let (notification, mega) = (m.make(ObjectType::Notification, 0), m.make(ObjectType::MegaPage, 0));
    let thread = m.make_thread(255);
    let index = (2 << 20) / RECORD_BYTES - 1;
    call(&m, FaultInvocation::SetHandler, thread, &[index, 5], &[notification, mega]).unwrap();
    m.resume(thread);
    m.simple(Syscall::Yield, 0, &[]);
    m.trap(Cause::Exception(3));
    assert_eq!(record(&m, mega, index).thread, 5);
    m.check_all();
}

#[test]
fn a_thread_can_be_its_own_handler_and_then_waits_for_somebody_elses_answer() {
    let mut m = Machine::new();
    let (notification, frame) = (m.make(ObjectType::Notification, 0), m.make(ObjectType::Page, 0));
    let other = m.make_thread(1);
    m.resume(other);
    let root = m.current();
    m.invoke(Invocation::TcbBindNotification, TCB, &[], &[notification]).unwrap();
    call(&m, FaultInvocation::SetHandler, TCB, &[0, 1], &[notification, frame]).unwrap();
    m.trap(Cause::Exception(3));
    assert_eq!((root.state(), m.current()), (ThreadState::BlockedOnReply, m.thread(other)));
    call(&m, FaultInvocation::Answer, TCB, &[0], &[]).unwrap();
    assert_eq!(m.current(), root);
    m.simple(Syscall::NBRecv, notification, &[]);
    assert_eq!(m.reply_of(root).badge, 0);
}

#[test]
fn an_interrupt_file_of_the_handler_is_told_without_a_wake_up_by_the_kernel() {
    let mut p = pair();
    p.m.simple(Syscall::Send, p.badged, &[]);
    p.m.invoke(Invocation::TcbBindNotification, TCB, &[], &[p.notification]).unwrap();
    let register = rel4_abi::UintrInvocation::RegisterReceiver.label();
    p.m.call(TCB, register, &[0x1_0000], &[p.notification]).result().unwrap();
    let doorbell = p.m.make(ObjectType::Notification, 0);
    // The handler does something else; the client faults.
    p.m.simple(Syscall::Recv, doorbell, &[]);
    assert_eq!(p.m.current(), p.client);
    p.m.trap(Cause::Exception(3));
    p.m.check();
    assert_eq!(p.client.state(), ThreadState::BlockedOnReply);
    const FILE: usize = 2;
    assert_eq!(arch::peek_file_word(FILE) >> 1, BADGE, "the identity is pending");
}

#[test]
fn threads_that_share_a_record_are_told_apart_by_their_words() {
    let mut m = Machine::new();
    let (notification, frame) = (m.make(ObjectType::Notification, 0), m.make(ObjectType::Page, 0));
    let threads = [m.make_thread(255), m.make_thread(255)];
    for (word, thread) in threads.into_iter().enumerate() {
        let words = [0, word as u64];
        call(&m, FaultInvocation::SetHandler, thread, &words, &[notification, frame]).unwrap();
    }
    for (word, thread) in threads.into_iter().enumerate() {
        m.resume(thread);
        m.simple(Syscall::Yield, 0, &[]);
        m.trap(Cause::Exception(3));
        let record = record(&m, frame, 0);
        assert_eq!((record.thread, record.sequence), (word as u64, 1));
    }
}
