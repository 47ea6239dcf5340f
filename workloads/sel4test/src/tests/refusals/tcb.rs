//! Threads.

use rel4_abi::object::PAGE_BITS;
use rel4_abi::user_context::USER_CONTEXT_WORDS;
use rel4_abi::{CNodeCapData, CPtr, Invocation, InvocationError, ObjectType};
use rel4_runtime::cap::Tcb;
use rel4_runtime::error::Error;

use super::{
    ILLEGAL_OPERATION, REVOKE_FIRST, TRUNCATED, attempt, check_unknown, check_wants_all, invalid_capability,
    out_of_range,
};
use crate::cspace;
use crate::env::Env;
use crate::expect::refused;
use crate::report::Outcome;
use crate::test::{Need, Test, basic};

pub(in super::super) const TESTS: &[Test] = &[
    basic("REL4_TCB0001", "which registers cannot be read", read_registers),
    basic("REL4_TCB0002", "which registers cannot be written", write_registers),
    basic("REL4_TCB0003", "from where registers cannot be copied", copy_registers),
    basic("REL4_TCB0004", "what cannot be the spaces and the buffer of a thread", configure)
        .needing(Need::Timer),
    basic("REL4_TCB0005", "what cannot be an IPC buffer", set_ipc_buffer).needing(Need::Timer),
    basic("REL4_TCB0006", "what cannot be the spaces of a thread", set_space),
    basic("REL4_TCB0007", "which priorities a thread cannot get", priorities),
    basic("REL4_TCB0008", "operations with a single argument need it", short_messages),
    basic("REL4_TCB0009", "threads have no other operations", labels),
    basic("REL4_TCB0010", "which cores a thread cannot be moved to", set_affinity)
        .needing(Need::SeveralHarts),
];

const ALIGNMENT: Result<(), Error> = refused(InvocationError::AlignmentError);
const WORDS: u64 = USER_CONTEXT_WORDS as u64;

fn read_registers(env: &mut Env) -> Outcome {
    let Tcb(thread) = env.tcb()?;
    let read = |thread, count| attempt(thread, Invocation::TcbReadRegisters, &[], &[0, count]);
    check_wants_all(thread, Invocation::TcbReadRegisters, &[], &[0, WORDS]);
    let range = out_of_range(1, WORDS);
    check_eq!(read(thread, 0), range);
    check_eq!(read(thread, WORDS + 1), range);
    check_eq!(read(thread, u64::MAX), range);
    check_eq!(read(cspace::TCB.0, WORDS), ILLEGAL_OPERATION);
    check_eq!(read(thread, WORDS), Ok(()));
    Ok(())
}

fn write_registers(env: &mut Env) -> Outcome {
    const FIXED: usize = 2;
    let Tcb(thread) = env.tcb()?;
    let write = |thread, count, length| {
        let mut words = [0; FIXED + USER_CONTEXT_WORDS + 1];
        words[1] = count;
        attempt(thread, Invocation::TcbWriteRegisters, &[], &words[..length])
    };
    check_wants_all(thread, Invocation::TcbWriteRegisters, &[], &[0, 1, 0]);
    check_eq!(write(thread, WORDS, FIXED + USER_CONTEXT_WORDS - 1), TRUNCATED);
    check_eq!(write(thread, u64::MAX, FIXED + USER_CONTEXT_WORDS), TRUNCATED);
    check_eq!(write(cspace::TCB.0, WORDS, FIXED + USER_CONTEXT_WORDS), ILLEGAL_OPERATION);
    check_eq!(write(thread, 0, FIXED), Ok(()));
    check_eq!(write(thread, WORDS + 1, FIXED + USER_CONTEXT_WORDS + 1), Ok(()));
    Ok(())
}

fn copy_registers(env: &mut Env) -> Outcome {
    const NOTHING: u64 = 0;
    let (Tcb(target), Tcb(source)) = (env.tcb()?, env.tcb()?);
    let copy = |source| attempt(target, Invocation::TcbCopyRegisters, &[source], &[NOTHING]);
    check_wants_all(target, Invocation::TcbCopyRegisters, &[source], &[NOTHING]);
    check_eq!(copy(env.endpoint()?.0), invalid_capability(1));
    check_eq!(copy(env.empty_slot()?), invalid_capability(1));
    check_eq!(copy(source), Ok(()));
    Ok(())
}

/// Capabilities that cannot be an IPC buffer, each with the answer.
fn wrong_buffers(env: &mut Env) -> Outcome<[(CPtr, Result<(), Error>); 5]> {
    let used = env.untyped(PAGE_BITS)?;
    let child = env.empty_slot()?;
    used.retype(ObjectType::Endpoint, 0, cspace::CNODE, child.word(), 1)?;
    Ok([
        (env.endpoint()?.0, ILLEGAL_OPERATION),
        (env.empty_slot()?, ILLEGAL_OPERATION),
        (env.page_table()?.0, ILLEGAL_OPERATION),
        (cspace::DEVICE_FRAME.0, ILLEGAL_OPERATION),
        (used.0, REVOKE_FIRST),
    ])
}

const VADDR: u64 = 0x1000_0000;
/// Half of what an IPC buffer is aligned to.
const MISALIGNED: u64 = VADDR + 512;

fn configure(env: &mut Env) -> Outcome {
    let Tcb(thread) = env.tcb()?;
    let (cnode, vspace, frame) = (cspace::CNODE.0, cspace::VSPACE.0, env.frame()?.0);
    let configure = |caps: [CPtr; 3], guard: u64, buffer: u64| {
        attempt(thread, Invocation::TcbConfigure, &caps, &[0, guard, 0, buffer])
    };
    check_wants_all(thread, Invocation::TcbConfigure, &[cnode, vspace, frame], &[0, 0, 0, VADDR]);
    for (buffer, answer) in wrong_buffers(env)? {
        check_eq!(configure([cnode, vspace, buffer], 0, VADDR), answer);
        // Without an address nothing is taken as the buffer.
        check_eq!(configure([cnode, vspace, buffer], 0, 0), Ok(()));
    }
    check_eq!(configure([cnode, vspace, frame], 0, MISALIGNED), ALIGNMENT);
    check_eq!(configure([frame, vspace, frame], 0, VADDR), ILLEGAL_OPERATION);
    check_eq!(configure([cnode, frame, frame], 0, VADDR), ILLEGAL_OPERATION);
    check_eq!(configure([cnode, env.page_table()?.0, frame], 0, VADDR), ILLEGAL_OPERATION);
    let too_long = CNodeCapData::new(0, 63).word();
    check_eq!(configure([cnode, vspace, frame], too_long, VADDR), ILLEGAL_OPERATION);
    check_eq!(configure([cnode, vspace, frame], 0, VADDR), Ok(()));
    Ok(())
}

fn set_ipc_buffer(env: &mut Env) -> Outcome {
    let Tcb(thread) = env.tcb()?;
    let frame = env.frame()?.0;
    let set = |buffer, vaddr| attempt(thread, Invocation::TcbSetIpcBuffer, &[buffer], &[vaddr]);
    check_wants_all(thread, Invocation::TcbSetIpcBuffer, &[frame], &[VADDR]);
    for (buffer, answer) in wrong_buffers(env)? {
        check_eq!(set(buffer, VADDR), answer);
        check_eq!(set(buffer, 0), Ok(()));
    }
    check_eq!(set(frame, MISALIGNED), ALIGNMENT);
    check_eq!(set(frame, VADDR), Ok(()));
    Ok(())
}

fn set_space(env: &mut Env) -> Outcome {
    let Tcb(thread) = env.tcb()?;
    let (cnode, vspace) = (cspace::CNODE.0, cspace::VSPACE.0);
    let set = |cspace, vspace, guard: CNodeCapData| {
        attempt(thread, Invocation::TcbSetSpace, &[cspace, vspace], &[0, guard.word(), 0])
    };
    let keep = CNodeCapData::default();
    check_wants_all(thread, Invocation::TcbSetSpace, &[cnode, vspace], &[0, 0, 0]);
    check_eq!(set(vspace, vspace, keep), ILLEGAL_OPERATION);
    check_eq!(set(cnode, cnode, keep), ILLEGAL_OPERATION);
    check_eq!(set(cnode, env.page_table()?.0, keep), ILLEGAL_OPERATION);
    check_eq!(set(cnode, vspace, CNodeCapData::new(0, 63)), ILLEGAL_OPERATION);

    // Replacing the last capability to a CNode would delete all that is in it.
    const RADIX_BITS: u32 = 4;
    let node = env.cnode(RADIX_BITS)?;
    check_eq!(set(node.0, vspace, CNodeCapData::fill(RADIX_BITS)), Ok(()));
    let spare = env.copy(node.0)?;
    cspace::slot(node.0).delete()?;
    check_eq!(set(spare, vspace, keep), Ok(()));
    cspace::slot(spare).delete()?;
    check_eq!(set(cnode, vspace, keep), ILLEGAL_OPERATION);
    Ok(())
}

fn priorities(env: &mut Env) -> Outcome {
    const MAX: u64 = 255;
    let (thread, weak) = (env.tcb()?, env.tcb()?);
    let single = [Invocation::TcbSetPriority, Invocation::TcbSetMcPriority];
    let mut cases = [(single[0], 1), (single[1], 1), (Invocation::TcbSetSchedParams, 2)];
    for (invocation, words) in &mut cases {
        let words: usize = *words;
        let set = |authority: Tcb, priorities: [u64; 2]| {
            attempt(thread.0, *invocation, &[authority.0], &priorities[..words])
        };
        check_wants_all(thread.0, *invocation, &[cspace::TCB.0], &[0, 0][..words]);
        check_eq!(set(Tcb(env.endpoint()?.0), [0, 0]), invalid_capability(1));
        check_eq!(set(Tcb(env.empty_slot()?), [0, 0]), invalid_capability(1));
        let above = |max| out_of_range(0, max);
        check_eq!(set(cspace::TCB, [MAX + 1, 0]), above(MAX));
        check_eq!(set(cspace::TCB, [u64::MAX, 0]), above(MAX));
        check_eq!(set(weak, [1, 0]), above(0));
        if words > 1 {
            check_eq!(set(cspace::TCB, [0, MAX + 1]), above(MAX));
            check_eq!(set(weak, [0, 1]), above(0));
        }
        check_eq!(set(weak, [0, 0]), Ok(()));
        check_eq!(set(cspace::TCB, [MAX, MAX]), Ok(()));
    }
    Ok(())
}

fn short_messages(env: &mut Env) -> Outcome {
    let Tcb(thread) = env.tcb()?;
    check_wants_all(thread, Invocation::TcbSetTlsBase, &[], &[0]);
    check_wants_all(thread, Invocation::TcbSetFlags, &[], &[0, 0]);
    Ok(())
}

fn labels(env: &mut Env) -> Outcome {
    let Tcb(thread) = env.tcb()?;
    let others = [
        Invocation::UntypedRetype,
        Invocation::CNodeRevoke,
        Invocation::IrqAckIrq,
        Invocation::RiscvPageTableMap,
        Invocation::RiscvAsidPoolAssign,
    ];
    check_unknown(thread, &others);
    check_eq!(attempt(CPtr::NULL, Invocation::TcbSuspend, &[], &[]), invalid_capability(0));
    Ok(())
}

fn set_affinity(env: &mut Env) -> Outcome {
    let cores = env.machine.num_nodes;
    let thread = env.tcb()?;
    check_wants_all(thread.0, Invocation::TcbSetAffinity, &[], &[0]);
    for core in [cores, cores + 1, u64::from(u32::MAX) + 1, u64::MAX] {
        check_eq!((core, thread.set_affinity(core)), (core, ILLEGAL_OPERATION));
    }
    for core in 0..cores {
        check_eq!((core, thread.set_affinity(core)), (core, Ok(())));
    }
    // Where it is already, the caller too.
    check_eq!(cspace::TCB.set_affinity(0), Ok(()));
    Ok(())
}
