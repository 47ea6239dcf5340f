//! Debug system calls, and what the kernel says about threads that stop.

use rel4_abi::{DebugSyscall, InitialSlot, MessageInfo, ObjectType, Register};

use super::Machine;
use crate::arch;
use crate::trap::Cause;

fn debug(m: &Machine, call: DebugSyscall, argument: u64, words: &[u64]) {
    m.syscall(call.number() as u64, argument, MessageInfo::new(0, 0, 0, words.len()), words, &[]);
}

/// Names a thread with the bytes that the words hold.
fn name(m: &Machine, thread: u64, words: &[u64]) {
    // The name is in memory from word 0 on, not in registers.
    for (index, &word) in words.iter().enumerate() {
        let at = m.buffer_word(m.current(), 1 + index).unwrap();
        // SAFETY: in the buffer's page, in the arena.
        unsafe { at.write(word) };
    }
    debug(m, DebugSyscall::NameThread, thread, &[]);
}

const fn text(bytes: [u8; 8]) -> u64 {
    u64::from_le_bytes(bytes)
}

#[test]
fn a_name_ends_at_its_first_zero_and_is_cut_where_it_does_not_fit() {
    let mut m = Machine::new();
    let thread = m.make(ObjectType::Tcb, 0);
    assert_eq!(m.thread(thread).name().to_string(), "child of: 'rootserver'");
    name(&m, thread, &[text(*b"worker\0x")]);
    assert_eq!(m.thread(thread).name().to_string(), "worker");
    name(&m, thread, &[&[text(*b"long nam"); 20][..], &[0]].concat());
    assert_eq!(m.thread(thread).name().to_string(), "long nam".repeat(8));
}

#[test]
#[should_panic(expected = "halted the machine")]
fn a_name_without_an_end_halts() {
    let mut m = Machine::new();
    let thread = m.make(ObjectType::Tcb, 0);
    name(&m, thread, &[u64::MAX; 120]);
}

#[test]
#[should_panic(expected = "halted the machine")]
fn naming_what_is_no_thread_halts() {
    let m = Machine::new();
    name(&m, InitialSlot::CNode as u64, &[0]);
}

#[cfg(feature = "smp")]
mod several_harts {
    use rel4_abi::Invocation;
    use rel4_abi::user_context::Register;

    use super::*;
    use crate::testing::LABELS;

    #[test]
    fn a_threads_hart_is_told() {
        let mut m = Machine::new();
        let thread = m.make(ObjectType::Tcb, 0);
        let set_affinity = Invocation::TcbSetAffinity.encode(LABELS).unwrap();
        for hart in [0, 1] {
            m.call(thread, set_affinity, &[hart], &[]).result().unwrap();
            debug(&m, DebugSyscall::GetThreadAffinity, thread, &[]);
            assert_eq!(m.current().context.get(Register::A0), hart);
        }
    }

    #[test]
    #[should_panic(expected = "halted the machine")]
    fn the_hart_of_what_is_no_thread_halts() {
        debug(&Machine::new(), DebugSyscall::GetThreadAffinity, InitialSlot::CNode as u64, &[]);
    }

    #[test]
    #[should_panic(expected = "halted the machine")]
    fn sending_interrupts_to_harts_halts() {
        debug(&Machine::new(), DebugSyscall::SendIpi, 0, &[]);
    }
}

#[cfg(not(feature = "smp"))]
#[test]
fn calls_about_several_harts_are_unknown_to_a_kernel_for_one() {
    for call in [DebugSyscall::GetThreadAffinity, DebugSyscall::SendIpi] {
        let m = Machine::new();
        debug(&m, call, InitialSlot::Tcb as u64, &[]);
        assert!(arch::printed().contains("UnknownSyscall"));
    }
}

#[test]
fn the_scheduler_dump_has_every_thread_that_exists() {
    let mut m = Machine::new();
    let (blocked, dead) = (m.make_thread(7), m.make_thread(8));
    name(&m, blocked, &[text(*b"stopped\0")]);
    name(&m, dead, &[text(*b"deleted\0")]);
    m.delete(dead).unwrap();
    arch::printed();
    debug(&m, DebugSyscall::DumpScheduler, 0, &[]);
    let printed = arch::printed();
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[0], "Dumping all tcbs!");
    assert!(lines[1].starts_with("Name\tState\tIP\tPrio"));
    assert!(lines[2].starts_with("----"));
    let starts = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!(starts("rootserver\trunning\t"), 1);
    assert_eq!(starts("stopped\tinactive\t0x0\t7"), 1);
    assert_eq!(starts("idle_thread\tidle\t"), crate::config::MAX_HARTS);
    assert_eq!(starts("deleted"), 0);
}

#[test]
fn a_fault_that_nobody_handles_is_reported_with_its_place() {
    let m = Machine::new();
    m.current().context.next_pc.set(0x1234);
    arch::printed();
    m.trap(Cause::Exception(3));
    let printed = arch::printed();
    assert!(printed.starts_with("@unhandled-fault thread=\"rootserver\" pc=0x1234 "), "{printed}");
}

#[test]
fn a_fault_that_nobody_handles_is_reported_with_all_registers_of_its_thread_and_no_others() {
    let m = Machine::new();
    let registers = Register::ALL;
    for (number, register) in (0x51_0000..).zip(registers) {
        m.current().context.set(register, number);
    }
    m.current().context.next_pc.set(0x51_0000);
    arch::printed();
    m.trap(Cause::Exception(3));
    let printed = arch::printed();
    let dump: String = printed.split_once('\n').unwrap().1.into();
    let words: Vec<&str> = dump.split_whitespace().collect();
    let expected = (0x51_0000..).zip(registers).map(|(value, register)| format!("{register:?}={value:#x}"));
    assert_eq!(words, expected.collect::<Vec<_>>());
    assert_eq!(dump.lines().count(), 8);
}
