//! Benchmark system calls: the log of kernel entries, and whose time it was. These tests are this suite's own.

use rel4_abi::benchmark::{EntryPath, KernelEntry, LOG_BUFFER_BITS, LogEntry, UtilisationWord};
use rel4_abi::{BenchmarkSyscall, CPtr, CapRights, Error, ObjectType, Syscall};
use rel4_runtime::address_space::{self, Access};
use rel4_runtime::arch::{self, benchmark};
use rel4_runtime::cap::{Frame, Tcb};

use crate::cspace;
use crate::env::{Env, Window};
use crate::report::Outcome;
use crate::test::{Need, Test, basic};

pub(super) const TESTS: &[Test] = &[
    basic("REL4_BENCHMARK0001", "kernel entries are logged with their cause and duration", log)
        .needing(Need::BenchmarkCalls),
    basic("REL4_BENCHMARK0002", "only a large writable frame of RAM takes the log", wrong_frames)
        .needing(Need::BenchmarkCalls)
        .needing(Need::Timer),
    basic("REL4_BENCHMARK0003", "the log ends when its frame is taken back", revoked)
        .needing(Need::BenchmarkCalls),
    basic("REL4_BENCHMARK0004", "all time is somebody's", utilisation).needing(Need::BenchmarkCalls),
];

const OK: u64 = 0;
const ILLEGAL_OPERATION: u64 = Error::IllegalOperation.label();

fn set_log(frame: CPtr) -> u64 {
    benchmark(BenchmarkSyscall::SetLogBuffer, frame.word())
}

/// Entry `index` of the log in `window`.
fn entry(window: Window, index: u64) -> LogEntry {
    let word = |number: u64| window.read(index * size_of::<LogEntry>() as u64 + number * 4);
    let start = u64::from(word(1)) << 32 | u64::from(word(0));
    LogEntry { start, duration: word(2), entry: KernelEntry(word(3)) }
}

fn log(env: &mut Env) -> Outcome {
    let frame = Frame(env.resources.make(ObjectType::MegaPage, 0)?);
    let window = env.window(LOG_BUFFER_BITS);
    address_space::map(&mut env.resources, cspace::VSPACE, frame, window.vaddr(), Access::Data)?;
    let notification = env.notification()?;
    check_eq!(set_log(frame.0), OK);
    check_eq!(benchmark(BenchmarkSyscall::ResetLog, 1), OK);
    notification.signal();
    check_eq!(notification.poll(), 0);
    arch::yield_now();
    benchmark(BenchmarkSyscall::NullSyscall, 0);
    let length = benchmark(BenchmarkSyscall::FinalizeLog, 0);

    // The clock may have ticked meanwhile.
    let entries = || (0..length).map(|index| entry(window, index));
    let mut calls = entries().filter(|entry| entry.entry.path() != Some(EntryPath::Interrupt));
    let mut next = || calls.next().map(|LogEntry { entry, .. }| entry);
    let unknown =
        |call: BenchmarkSyscall| Some((EntryPath::UnknownSyscall, call.number() as u32 & 0x3ff_ffff));
    let other = |entry: Option<KernelEntry>| entry.and_then(|entry| Some((entry.path()?, entry.word())));
    let syscall = |entry: Option<KernelEntry>| {
        entry.filter(|entry| entry.path() == Some(EntryPath::Syscall)).map(KernelEntry::syscall_number)
    };
    check_eq!(other(next()), unknown(BenchmarkSyscall::ResetLog));
    let signal = next();
    check_eq!(syscall(signal), Some(Syscall::Send.number()));
    check_eq!(signal.map(KernelEntry::cap_type), Some(6));
    let poll = next();
    check_eq!(syscall(poll), Some(Syscall::NBRecv.number()));
    check_eq!(poll.map(KernelEntry::is_on_fastpath), Some(false));
    check_eq!(syscall(next()), Some(Syscall::Yield.number()));
    check_eq!(other(next()), unknown(BenchmarkSyscall::NullSyscall));
    check_eq!(next(), None);

    check!(entries().all(|entry| entry.duration > 0));
    let ends = entries().map(|entry| entry.start + u64::from(entry.duration));
    check!(ends.zip(entries().skip(1)).all(|(end, next)| end < next.start));
    Ok(())
}

fn wrong_frames(env: &mut Env) -> Outcome {
    let large = env.resources.make(ObjectType::MegaPage, 0)?;
    let wrong = [
        env.frame()?.0,
        env.copy_with(large, CapRights::READ)?,
        cspace::DEVICE_FRAME.0,
        env.untyped(LOG_BUFFER_BITS)?.0,
        env.empty_slot()?,
        CPtr(u64::MAX),
    ];
    for cptr in wrong {
        check_eq!((cptr, set_log(cptr)), (cptr, ILLEGAL_OPERATION));
    }
    benchmark(BenchmarkSyscall::ResetLog, 0);
    check_eq!(benchmark(BenchmarkSyscall::FinalizeLog, 0), 0);
    check_eq!(set_log(large), OK);
    Ok(())
}

fn revoked(env: &mut Env) -> Outcome {
    let untyped = env.untyped(LOG_BUFFER_BITS)?;
    let slot = env.empty_slot()?;
    let make = |object| untyped.retype(object, 0, cspace::CNODE, slot.word(), 1);
    make(ObjectType::MegaPage)?;
    check_eq!(set_log(slot), OK);
    benchmark(BenchmarkSyscall::ResetLog, 0);
    // The kernel's copy keeps the memory in use.
    cspace::slot(slot).delete()?;
    check!(make(ObjectType::Page).is_err());
    cspace::slot(untyped.0).revoke()?;
    let length = benchmark(BenchmarkSyscall::FinalizeLog, 0);
    check!(length > 0);
    check_eq!(benchmark(BenchmarkSyscall::FinalizeLog, 0), length);

    make(ObjectType::Page)?;
    let window = env.window(rel4_abi::object::PAGE_BITS);
    address_space::map(&mut env.resources, cspace::VSPACE, Frame(slot), window.vaddr(), Access::Data)?;
    benchmark(BenchmarkSyscall::NullSyscall, 0);
    check_eq!(window.read(0), 0);
    Ok(())
}

/// Keeps the processor for a while.
fn compute([rounds, ..]: [u64; 4]) -> Outcome<u64> {
    Ok((0..rounds).fold(1, |value: u64, round| core::hint::black_box(value.wrapping_mul(3) ^ round)))
}

fn utilisation(env: &mut Env) -> Outcome {
    const ROUNDS: u64 = 100_000;
    let helper = env.thread()?;
    let used = |thread: Tcb| {
        benchmark(BenchmarkSyscall::GetThreadUtilisation, thread.0.word());
        |word: UtilisationWord| arch::message_word(word as usize)
    };
    benchmark(BenchmarkSyscall::ResetThreadUtilisation, cspace::TCB.0.word());
    benchmark(BenchmarkSyscall::ResetLog, 0);
    helper.start(compute, [ROUNDS, 0, 0, 0])?;
    helper.join()?;
    benchmark(BenchmarkSyscall::FinalizeLog, 0);

    let word = used(helper.tcb());
    let helpers = word(UtilisationWord::ThreadCycles);
    check!(helpers > ROUNDS);
    check_eq!(word(UtilisationWord::ThreadSchedules), 1);
    check!(word(UtilisationWord::ThreadKernelEntries) > 0);
    check!(word(UtilisationWord::ThreadKernelCycles) < helpers);

    let word = used(cspace::TCB);
    let own = word(UtilisationWord::ThreadCycles);
    check_eq!(word(UtilisationWord::ThreadSchedules), 2);
    check_eq!(word(UtilisationWord::TotalSchedules), 3);
    check_eq!(own + helpers + word(UtilisationWord::IdleCycles), word(UtilisationWord::TotalCycles));
    check!(word(UtilisationWord::TotalKernelCycles) < word(UtilisationWord::TotalCycles));
    Ok(())
}
