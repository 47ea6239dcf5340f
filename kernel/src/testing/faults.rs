//! Faults: their messages, what the handler's answer does, and what becomes of one that nobody takes.

use rel4_abi::fault::FaultStatus;
use rel4_abi::user_context::Register;
use rel4_abi::{CapRights, InitialSlot, Invocation, InvocationError, MessageInfo, ObjectType, Syscall};

use super::Machine;
use crate::obj::Obj;
use crate::object::{Tcb, ThreadState};
use crate::trap::Cause;

const CNODE: u64 = InitialSlot::CNode as u64;
const SPACE: u64 = InitialSlot::VSpace as u64;

/// A client of lower priority, whose faults go to the endpoint that the root task waits on.
struct Pair {
    m: Machine,
    ep: u64,
    client_cptr: u64,
    client: Obj<Tcb>,
    server: Obj<Tcb>,
}

fn pair_with_handler(rights: CapRights) -> Pair {
    let mut m = Machine::new();
    let ep = m.make(ObjectType::Endpoint, 0);
    let handler = m.mint(ep, rights, 0xf);
    let client_cptr = m.make_thread(1);
    m.invoke(Invocation::TcbSetSpace, client_cptr, &[handler, 0, 0], &[CNODE, SPACE]).unwrap();
    m.resume(client_cptr);
    let (server, client) = (m.current(), m.thread(client_cptr));
    m.simple(Syscall::Recv, ep, &[]);
    assert_eq!(m.current(), client);
    client.context.next_pc.set(0x1000);
    client.context.fault_pc.set(0x1000);
    Pair { m, ep, client_cptr, client, server }
}

fn pair() -> Pair {
    pair_with_handler(CapRights::ALL)
}

impl Pair {
    fn buffer_word(&self, index: usize) -> u64 {
        // SAFETY: in the buffer's page, in the arena.
        unsafe { self.m.buffer_word(self.server, 1 + index).unwrap().read() }
    }

    /// The handler answers, then waits again.
    fn answer(&self, label: u64, words: &[u64]) {
        assert_eq!(self.m.current(), self.server);
        let info = MessageInfo::new(label, 0, 0, words.len());
        self.m.syscall(Syscall::ReplyRecv.number() as u64, self.ep, info, words, &[]);
    }
}

#[test]
fn an_unknown_system_call_is_reported_with_its_registers_and_answered_into_them() {
    let p = pair();
    let registers = [
        Register::Sp,
        Register::Ra,
        Register::A0,
        Register::A1,
        Register::A2,
        Register::A3,
        Register::A4,
        Register::A5,
        Register::A6,
    ];
    for (index, &register) in registers.iter().enumerate() {
        p.client.context.set(register, 10 + index as u64);
    }
    p.client.context.set(Register::A7, 0x1_0000_0001);
    p.m.ecall();
    let got = p.m.reply_of(p.server);
    assert_eq!((got.badge, got.info), (0xf, MessageInfo::new(2, 0, 0, 11)));
    assert_eq!(got.words, [0x1000, 10, 11, 12]);
    assert_eq!(
        core::array::from_fn(|index| p.buffer_word(4 + index)),
        [13, 14, 15, 16, 17, 18, 0x1_0000_0001]
    );
    p.answer(0, &[0x2000, 1, 2, 3, 4, 5, 6, 7, 8, 9, 99]);
    assert_eq!((p.m.current(), p.client.context.next_pc.get()), (p.client, 0x2000));
    assert_eq!(registers.map(|register| p.client.context.get(register)), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(p.client.context.get(Register::A7), 0x1_0000_0001, "a7 is not answered");
}

#[test]
fn a_refused_exception_stops_the_thread_with_the_registers_of_the_answer() {
    let p = pair();
    // The first illegal instruction could be a thread's first floating-point instruction.
    p.m.trap(Cause::Exception(2));
    p.m.trap(Cause::Exception(2));
    let got = p.m.reply_of(p.server);
    assert_eq!((got.info, got.words[2..].to_vec()), (MessageInfo::new(3, 0, 0, 4), vec![2, 0]));
    p.answer(1, &[0x3000, 0x4000, 5]);
    assert_eq!(p.client.state(), ThreadState::Inactive);
    assert_eq!((p.client.context.fault_pc.get(), p.client.context.get(Register::Sp)), (0x3000, 0x4000));
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
        p.answer(77, &[0x9999, 1, 2]);
        assert_eq!((p.m.current(), p.client.context.next_pc.get()), (p.client, 0x1000), "{cause:?}");
    }
}

#[test]
fn a_capability_fault_says_in_which_phase_and_why() {
    let p = pair();
    p.m.simple(Syscall::NBRecv, 1 << 20, &[]);
    let got = p.m.reply_of(p.server);
    assert_eq!(got.info, MessageInfo::new(1, 0, 0, 7));
    assert_eq!((got.words[1..].to_vec(), p.buffer_word(4)), (vec![1 << 20, 1, 4], 64));
    assert_eq!((p.buffer_word(5), p.buffer_word(6)), (0, 51));
    p.answer(0, &[]);
    let empty = 4000;
    for syscall in [Syscall::Recv, Syscall::NBRecv] {
        p.m.simple(syscall, empty, &[]);
        let got = p.m.reply_of(p.server);
        assert_eq!((got.info.length(), got.words[1..].to_vec()), (5, vec![empty, 1, 2]), "{syscall:?}");
        assert_eq!(p.buffer_word(4), 0);
        p.answer(0, &[]);
    }
    // Invoking what an empty slot holds is no fault.
    p.m.simple(Syscall::Call, empty, &[]);
    assert_eq!(p.m.reply_of(p.client).result(), Err(InvocationError::InvalidCapability { index: 0 }));
}

#[test]
fn a_handler_needs_write_and_one_of_the_grant_rights() {
    let enough = [CapRights::WRITE.union(CapRights::GRANT), CapRights::WRITE.union(CapRights::GRANT_REPLY)];
    let too_little = [CapRights::READ_WRITE, CapRights::NO_WRITE, CapRights::NONE];
    for (rights, state) in enough
        .map(|rights| (rights, ThreadState::BlockedOnReply))
        .into_iter()
        .chain(too_little.map(|rights| (rights, ThreadState::Inactive)))
    {
        let p = pair_with_handler(rights);
        p.m.trap(Cause::Exception(3));
        assert_eq!(p.client.state(), state, "{rights:?}");
    }
}

#[test]
fn a_fault_that_was_never_taken_is_delivered_by_the_next_send() {
    let p = pair();
    // The handler stops waiting, so that the fault is queued.
    crate::object::tcb::restart(p.m.k, p.server);
    crate::sched::schedule(p.m.k);
    crate::sched::activate(p.m.k);
    p.m.invoke(Invocation::TcbSetPriority, p.client_cptr, &[255], &[InitialSlot::Tcb as u64]).unwrap();
    p.m.simple(Syscall::Yield, 0, &[]);
    assert_eq!(p.m.current(), p.client);
    p.m.trap(Cause::Exception(3));
    assert!(matches!(p.client.state(), ThreadState::BlockedOnSend(_)));
    p.m.invoke(Invocation::TcbSuspend, p.client_cptr, &[], &[]).unwrap();
    p.m.resume(p.client_cptr);
    p.m.simple(Syscall::Yield, 0, &[]);
    p.m.simple(Syscall::Send, p.ep, &[1, 2]);
    p.m.simple(Syscall::Recv, p.ep, &[]);
    assert_eq!(p.m.reply_of(p.server).info, MessageInfo::new(3, 0, 0, 4), "label and words of the old fault");
}

#[test]
fn a_reply_capability_dies_with_the_wait_of_its_caller() {
    for end in [Invocation::TcbSuspend, Invocation::TcbResume, Invocation::CNodeDelete] {
        let mut p = pair();
        let saved = p.m.free_slot();
        p.m.trap(Cause::Exception(3));
        p.m.invoke(Invocation::CNodeSaveCaller, CNODE, &[saved, 64], &[]).unwrap();
        match end {
            Invocation::CNodeDelete => p.m.delete(p.client_cptr).map(|_| ()).unwrap(),
            _ => p.m.invoke(end, p.client_cptr, &[], &[]).map(|_| ()).unwrap(),
        }
        let result = p.m.call(saved, 0, &[], &[]).result();
        assert_eq!(result, Err(InvocationError::InvalidCapability { index: 0 }), "{end:?}");
    }
}

#[test]
fn a_saved_reply_capability_answers_once() {
    let mut p = pair();
    let saved = p.m.free_slot();
    p.m.trap(Cause::Exception(3));
    p.m.invoke(Invocation::CNodeSaveCaller, CNODE, &[saved, 64], &[]).unwrap();
    let reply = p.m.call(saved, 0, &[0x5000], &[]);
    assert_eq!((reply.badge, reply.info), (0, MessageInfo::new(0, 0, 0, 0)));
    assert_eq!(p.client.context.fault_pc.get(), 0x5000);
    assert_eq!(p.m.cap(saved), crate::cap::Cap::Null);
}

#[test]
fn deleting_a_reply_capability_leaves_the_caller_waiting() {
    let p = pair();
    p.m.trap(Cause::Exception(3));
    p.m.simple(Syscall::NBRecv, p.ep, &[]);
    assert!(p.server.caller_slot().is_empty());
    assert_eq!(p.client.state(), ThreadState::BlockedOnReply);
    p.m.simple(Syscall::Reply, 0, &[]);
    assert_eq!(p.client.state(), ThreadState::BlockedOnReply);
    p.m.resume(p.client_cptr);
    assert_eq!(p.client.state(), ThreadState::Restart);
}

#[cfg(not(feature = "benchmark"))]
#[test]
fn only_benchmark_kernels_have_the_benchmark_system_calls() {
    use rel4_abi::BenchmarkSyscall;
    let first = BenchmarkSyscall::ResetAllThreadsUtilisation.number();
    for number in first..=BenchmarkSyscall::FlushCaches.number() {
        let p = pair();
        p.m.syscall(number as u64, 0, MessageInfo::new(0, 0, 0, 0), &[], &[]);
        assert_eq!(p.m.current(), p.server);
        assert_eq!(
            p.m.reply_of(p.server).info.label(),
            rel4_abi::fault::FaultLabel::UnknownSyscall as u64,
            "{number}"
        );
        assert_eq!(p.buffer_word(10), number as u64);
    }
}
