//! Benchmark system calls.

use rel4_abi::benchmark::{EntryPath, LOG_ENTRIES, LogEntry, UTILISATION_WORDS, UtilisationWord};
use rel4_abi::{
    BenchmarkSyscall, CapRights, Error, InitialSlot, Invocation, MessageInfo, ObjectType, Syscall,
};

use super::Machine;
use crate::arch;
use crate::cap::Cap;
use crate::trap::Cause;

const CNODE: u64 = InitialSlot::CNode as u64;
const TCB: u64 = InitialSlot::Tcb as u64;
const ILLEGAL: u64 = Error::IllegalOperation.label();

/// Makes a benchmark system call; returns what is in `a0` afterwards.
fn benchmark(m: &Machine, call: BenchmarkSyscall, argument: u64) -> u64 {
    let caller = m.current();
    m.syscall(call.number() as u64, argument, MessageInfo::new(0, 0, 0, 0), &[], &[]);
    m.reply_of(caller).badge
}

/// A frame that can take the log, and its untyped.
fn log_frame(m: &mut Machine) -> (u64, u64) {
    let untyped = m.make(ObjectType::Untyped, 21);
    (m.retype_from(untyped, ObjectType::MegaPage, 0).unwrap(), untyped)
}

/// Entry `index` of the log in `frame`.
fn logged(m: &Machine, frame: u64, index: u64) -> LogEntry {
    let Cap::Frame(cap) = m.cap(frame) else { panic!("{frame} is no frame") };
    let place = arch::phys_to_virt(cap.base).cast::<LogEntry>().wrapping_add(index as usize);
    // SAFETY: in the frame, which is in the arena.
    unsafe { place.read() }
}

fn utilisation(m: &Machine, thread: u64) -> [u64; UTILISATION_WORDS] {
    benchmark(m, BenchmarkSyscall::GetThreadUtilisation, thread);
    // SAFETY: in the buffer's page, in the arena.
    core::array::from_fn(|index| unsafe { m.buffer_word(m.current(), 1 + index).unwrap().read() })
}

#[test]
fn calls_that_do_nothing_change_no_register() {
    let m = Machine::new();
    for call in [BenchmarkSyscall::NullSyscall, BenchmarkSyscall::FlushCaches] {
        assert_eq!(benchmark(&m, call, 0x1234), 0x1234);
        assert_eq!(m.reply_of(m.current()).info, MessageInfo::new(0, 0, 0, 0));
    }
}

#[test]
fn each_kernel_entry_is_logged_with_its_cause() {
    let mut m = Machine::new();
    let (frame, _) = log_frame(&mut m);
    let endpoint = m.make(ObjectType::Endpoint, 0);
    assert_eq!(benchmark(&m, BenchmarkSyscall::SetLogBuffer, frame), 0);
    assert_eq!(benchmark(&m, BenchmarkSyscall::ResetLog, 7), 0);
    m.simple(Syscall::NBSend, endpoint, &[]);
    m.call(CNODE, 0x155, &[], &[]);
    m.simple(Syscall::NBRecv, endpoint, &[]);
    m.tick();
    // The call that begins is itself the first entry; the one that ends is not over when it tells the length.
    assert_eq!(benchmark(&m, BenchmarkSyscall::FinalizeLog, 0), 5);

    let entries: Vec<LogEntry> = (0..5).map(|index| logged(&m, frame, index)).collect();
    assert_eq!(entries[0].entry.path(), Some(EntryPath::UnknownSyscall));
    assert_eq!(entries[0].entry.word(), BenchmarkSyscall::ResetLog.number() as u32 & 0x3ff_ffff);
    let calls = entries[1..4].iter().map(|LogEntry { entry, .. }| {
        assert_eq!(entry.path(), Some(EntryPath::Syscall));
        (entry.syscall_number(), entry.cap_type(), entry.label())
    });
    let expected = [(Syscall::NBSend, 4, 0), (Syscall::Call, 10, 0x155), (Syscall::NBRecv, 4, 0)]
        .map(|(syscall, cap_type, label): (Syscall, u32, u32)| (syscall.number(), cap_type, label));
    assert!(calls.eq(expected));
    assert_eq!(entries[4].entry.path(), Some(EntryPath::Interrupt));
    assert!(entries.windows(2).all(|pair| pair[0].start + u64::from(pair[0].duration) < pair[1].start));
}

#[test]
fn faults_are_logged_with_their_numbers() {
    for (cause, path, number) in [
        (Cause::Exception(3), EntryPath::UserException, 3),
        (
            Cause::MemoryFault { address: 0x1000, status: rel4_abi::fault::FaultStatus::Store },
            EntryPath::VmFault,
            7,
        ),
    ] {
        let mut m = Machine::new();
        let (frame, _) = log_frame(&mut m);
        benchmark(&m, BenchmarkSyscall::SetLogBuffer, frame);
        let Cap::Frame(cap) = m.cap(frame) else { panic!() };
        // The call that set the buffer is in it already. The root task has no handler and is gone afterwards.
        m.trap(cause);
        let place = arch::phys_to_virt(cap.base).cast::<LogEntry>().wrapping_add(1);
        // SAFETY: in the frame, which is in the arena.
        let LogEntry { entry, .. } = unsafe { place.read() };
        assert_eq!((entry.path(), entry.core(), entry.word()), (Some(path), 0, number));
    }
}

#[test]
fn only_writable_ram_of_2_mib_takes_the_log() {
    let mut m = Machine::new();
    let (frame, _) = log_frame(&mut m);
    let (small, empty) = (m.make(ObjectType::Page, 0), m.free_slot());
    let read_only = m.free_slot();
    let words = [read_only, 64, frame, 64, CapRights::READ.word()];
    m.invoke(Invocation::CNodeCopy, CNODE, &words, &[CNODE]).unwrap();
    let device = m
        .untypeds
        .clone()
        .find(|&slot| matches!(m.cap(slot), Cap::Untyped(cap) if cap.device && cap.size_bits >= 21));
    let device = m.retype_from(device.unwrap(), ObjectType::MegaPage, 0).unwrap();

    let refused = [small, read_only, device, empty, TCB, CNODE, m.untypeds.start, u64::MAX];
    for cptr in refused {
        assert_eq!(benchmark(&m, BenchmarkSyscall::SetLogBuffer, cptr), ILLEGAL, "{cptr:#x}");
    }
    assert_eq!(benchmark(&m, BenchmarkSyscall::FinalizeLog, 0), 0, "nothing is logged");

    assert_eq!(benchmark(&m, BenchmarkSyscall::SetLogBuffer, frame), 0);
    for cptr in refused {
        assert_eq!(benchmark(&m, BenchmarkSyscall::SetLogBuffer, cptr), ILLEGAL, "{cptr:#x}");
    }
    let logged = benchmark(&m, BenchmarkSyscall::FinalizeLog, 0);
    assert_eq!(logged, 1 + refused.len() as u64, "the frame stays the one to log in");
}

#[test]
fn the_log_ends_where_its_frame_does() {
    let mut m = Machine::new();
    let (frame, _) = log_frame(&mut m);
    benchmark(&m, BenchmarkSyscall::SetLogBuffer, frame);
    m.checks_each_entry = false;
    for _ in 0..LOG_ENTRIES + 10 {
        benchmark(&m, BenchmarkSyscall::NullSyscall, 0);
    }
    assert_eq!(benchmark(&m, BenchmarkSyscall::FinalizeLog, 0), LOG_ENTRIES);
    assert_ne!(logged(&m, frame, LOG_ENTRIES - 1).start, 0);
    benchmark(&m, BenchmarkSyscall::ResetLog, 0);
    assert_eq!(benchmark(&m, BenchmarkSyscall::FinalizeLog, 0), 1);
    m.check_all();
}

#[test]
fn nothing_is_written_into_a_frame_that_was_revoked() {
    let mut m = Machine::new();
    let (frame, untyped) = log_frame(&mut m);
    benchmark(&m, BenchmarkSyscall::SetLogBuffer, frame);
    // The kernel's copy keeps the frame alive.
    m.delete(frame).unwrap();
    let logged = benchmark(&m, BenchmarkSyscall::FinalizeLog, 0);
    assert_eq!(logged, 2);
    m.revoke(untyped).unwrap();
    // The call that asked was logged, the revocation was not any more.
    assert_eq!(benchmark(&m, BenchmarkSyscall::FinalizeLog, 0), logged + 1);
    // The memory is used anew, and stays clear: `check_all` looks.
    m.retype_from(untyped, ObjectType::Endpoint, 0).unwrap();
    benchmark(&m, BenchmarkSyscall::NullSyscall, 0);
    m.check_all();
}

#[test]
fn another_frame_takes_the_place_of_the_first() {
    let mut m = Machine::new();
    let ((first, untyped), (second, _)) = (log_frame(&mut m), log_frame(&mut m));
    benchmark(&m, BenchmarkSyscall::SetLogBuffer, first);
    benchmark(&m, BenchmarkSyscall::SetLogBuffer, second);
    m.delete(first).unwrap();
    // It could not be used anew if the kernel still had it.
    m.retype_from(untyped, ObjectType::MegaPage, 0).unwrap();
    assert_eq!(benchmark(&m, BenchmarkSyscall::FinalizeLog, 0), 4);
    assert_ne!(logged(&m, second, 3).start, 0);
    m.check_all();
}

#[test]
fn time_is_charged_to_who_runs() {
    let mut m = Machine::new();
    let thread = m.make_thread(255);
    let other_thread = m.thread(thread);
    benchmark(&m, BenchmarkSyscall::ResetLog, 0);
    arch::pass_cycles(1000);
    // It starts at once, and gives the processor back by waiting for nobody.
    m.resume(thread);
    m.simple(Syscall::Yield, 0, &[]);
    assert!(m.current() == other_thread);
    arch::pass_cycles(20_000);
    m.simple(Syscall::Yield, 0, &[]);
    arch::pass_cycles(300_000);
    benchmark(&m, BenchmarkSyscall::FinalizeLog, 0);
    arch::pass_cycles(4_000_000);

    let (own, other) = (utilisation(&m, TCB), utilisation(&m, thread));
    let word = |words: &[u64; UTILISATION_WORDS], word: UtilisationWord| words[word as usize];
    let about = |cycles: u64, expected: u64| (expected..expected + 100).contains(&cycles);
    assert!(about(word(&own, UtilisationWord::ThreadCycles), 301_000), "{own:?}");
    assert!(about(word(&other, UtilisationWord::ThreadCycles), 20_000), "{other:?}");
    assert!(about(word(&own, UtilisationWord::TotalCycles), 321_000), "{own:?}");
    assert_eq!(word(&other, UtilisationWord::ThreadSchedules), 1);
    assert_eq!(word(&own, UtilisationWord::ThreadSchedules), 2, "from the beginning, and again");
    assert_eq!(word(&own, UtilisationWord::TotalSchedules), 3);
    assert_eq!(word(&own, UtilisationWord::TotalKernelEntries), 4);
    let entries = [&own, &other].map(|words| word(words, UtilisationWord::ThreadKernelEntries));
    assert_eq!(entries, [3, 1], "an entry is charged to whom it returns to");
    let kernel = [&own, &other].map(|words| word(words, UtilisationWord::ThreadKernelCycles));
    assert_eq!(kernel.iter().sum::<u64>(), word(&own, UtilisationWord::TotalKernelCycles));
    assert_eq!(word(&own, UtilisationWord::IdleCycles), 0);
}

#[test]
fn what_a_thread_used_is_forgotten_on_request() {
    let m = Machine::new();
    benchmark(&m, BenchmarkSyscall::ResetLog, 0);
    arch::pass_cycles(1000);
    benchmark(&m, BenchmarkSyscall::FinalizeLog, 0);
    assert_ne!(utilisation(&m, TCB)[UtilisationWord::ThreadCycles as usize], 0);
    benchmark(&m, BenchmarkSyscall::ResetThreadUtilisation, TCB);
    assert_eq!(utilisation(&m, TCB)[..4], [0; 4]);
}

#[test]
fn idling_is_charged_to_nobody() {
    let mut m = Machine::new();
    let notification = m.make(ObjectType::Notification, 0);
    let root = m.current();
    benchmark(&m, BenchmarkSyscall::ResetLog, 0);
    m.simple(Syscall::Recv, notification, &[]);
    assert!(m.current() == m.k.hart().idle());
    arch::pass_cycles(5000);
    m.tick();
    // The root task goes on as if it had been signalled.
    crate::object::tcb::restart(m.k, root);
    m.tick();
    assert!(m.current() == root);
    benchmark(&m, BenchmarkSyscall::FinalizeLog, 0);
    let used = utilisation(&m, TCB);
    assert!(used[UtilisationWord::IdleCycles as usize] >= 5000, "{used:?}");
    assert_eq!(used[UtilisationWord::IdleSchedules as usize], 1);
    assert!(used[UtilisationWord::ThreadCycles as usize] < 100, "{used:?}");
}

#[test]
fn what_is_no_thread_has_used_nothing() {
    let mut m = Machine::new();
    let empty = m.free_slot();
    // SAFETY: in the buffer's page, in the arena.
    unsafe { m.buffer_word(m.current(), 1).unwrap().write(77) };
    for cptr in [CNODE, empty, u64::MAX] {
        assert_eq!(benchmark(&m, BenchmarkSyscall::ResetThreadUtilisation, cptr), cptr);
        assert_eq!(utilisation(&m, cptr)[0], 77, "the buffer stays as it is");
    }
}

#[test]
fn who_has_no_ipc_buffer_is_told_nothing() {
    let mut m = Machine::new();
    let thread = m.make_thread(255);
    m.resume(thread);
    m.simple(Syscall::Yield, 0, &[]);
    assert!(m.buffer_word(m.current(), 1).is_none());
    assert_eq!(benchmark(&m, BenchmarkSyscall::GetThreadUtilisation, TCB), TCB);
}

#[cfg(feature = "debug")]
#[test]
fn the_dump_of_all_threads_is_json_and_can_be_reset() {
    let m = Machine::new();
    benchmark(&m, BenchmarkSyscall::ResetLog, 0);
    benchmark(&m, BenchmarkSyscall::FinalizeLog, 0);
    arch::printed();
    benchmark(&m, BenchmarkSyscall::DumpAllThreadsUtilisation, 0);
    let printed = arch::printed();
    assert!(printed.starts_with("{\n  \"BENCHMARK_TOTAL_UTILISATION\":"), "{printed}");
    let names = printed.matches("\"NAME\":").count();
    assert_eq!(names, 1 + crate::config::MAX_HARTS, "the root task and the idle threads: {printed}");
    assert!(printed.contains("\"NAME\":\"rootserver\", \"UTILISATION\":"), "{printed}");
    assert!(printed.ends_with("  ]\n}\n"), "{printed}");
    benchmark(&m, BenchmarkSyscall::ResetAllThreadsUtilisation, 0);
    assert_eq!(utilisation(&m, TCB)[..4], [0; 4]);
}
