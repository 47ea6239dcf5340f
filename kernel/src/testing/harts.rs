//! Several harts: moving threads, and what one hart asks of the others.

use rel4_abi::{InitialSlot, Invocation, ObjectType, Syscall};

use super::{LABELS, Machine};
use crate::arch;
use crate::cap::Cap;
use crate::trap::Cause;

const POOL: u64 = InitialSlot::AsidPool as u64;
const CNODE: u64 = InitialSlot::CNode as u64;
const SPACE: u64 = InitialSlot::VSpace as u64;
const TCB: u64 = InitialSlot::Tcb as u64;
const OTHER: usize = 1;

/// The other hart takes the interrupt that waits for it.
fn interrupt_other(m: &Machine) {
    arch::on_hart(OTHER, || m.trap(Cause::Interrupt));
}

fn set_affinity(m: &Machine, thread: u64, hart: usize) {
    let label = Invocation::TcbSetAffinity.encode(LABELS).unwrap();
    m.call(thread, label, &[hart as u64], &[]).result().unwrap();
}

/// A machine on whose other hart a thread runs.
fn thread_on_the_other_hart() -> (Machine, u64) {
    let mut m = Machine::new();
    let thread = m.make_thread(255);
    set_affinity(&m, thread, OTHER);
    m.resume(thread);
    interrupt_other(&m);
    let tcb = m.thread(thread);
    arch::on_hart(OTHER, || assert!(m.current() == tcb));
    (m, thread)
}

fn use_fpu(m: &Machine) -> [u64; 33] {
    if arch::fpu_words().is_none() {
        m.trap(Cause::Exception(2));
    }
    arch::fpu_words().expect("the kernel switched the unit on")
}

#[test]
fn the_domain_capability_leaves_threads_of_another_hart_to_that_hart() {
    let (mut m, running) = thread_on_the_other_hart();
    let waiting = m.make_thread(255);
    set_affinity(&m, waiting, OTHER);
    m.resume(waiting);
    interrupt_other(&m);
    // Alike for one that stands in the other hart's queue and for the one that it runs.
    for thread in [waiting, running] {
        m.invoke(Invocation::DomainSetSet, InitialSlot::Domain as u64, &[0], &[thread]).unwrap();
    }
    let [waiting, running] = [waiting, running].map(|thread| m.thread(thread));
    m.simple(Syscall::Yield, 0, &[]);
    assert!(m.current() != waiting && m.current() != running);
    interrupt_other(&m);
    arch::on_hart(OTHER, || {
        assert!(m.current() == running, "put before its equals last");
        m.simple(Syscall::Yield, 0, &[]);
        assert!(m.current() == waiting);
    });
}

#[test]
fn a_thread_sent_to_the_hart_that_it_runs_on_goes_behind_its_equals() {
    let mut m = Machine::new();
    let equal = m.make_thread(255);
    m.resume(equal);
    set_affinity(&m, TCB, 0);
    assert!(m.current() == m.thread(equal));
}

#[test]
fn floating_point_registers_move_with_their_thread() {
    let (m, thread) = thread_on_the_other_hart();
    let tcb = m.thread(thread);
    arch::on_hart(OTHER, || {
        use_fpu(&m);
        arch::fill_fpu(9);
    });
    // It runs there: that hart is stopped, and what its unit holds saved.
    set_affinity(&m, thread, 0);
    assert_eq!(arch::fpu_owner(m.k, OTHER), None);
    m.simple(Syscall::Yield, 0, &[]);
    assert_eq!((m.current(), use_fpu(&m)), (tcb, [9; 33]));
}

#[test]
fn floating_point_registers_move_also_when_their_thread_does_not_run() {
    let (mut m, thread) = thread_on_the_other_hart();
    let (tcb, ep) = (m.thread(thread), m.make(ObjectType::Notification, 0));
    arch::on_hart(OTHER, || {
        use_fpu(&m);
        arch::fill_fpu(9);
        m.simple(Syscall::Recv, ep, &[]);
    });
    assert_eq!(arch::fpu_owner(m.k, OTHER), Some(tcb), "nobody else has used the unit");
    set_affinity(&m, thread, 0);
    m.resume(thread);
    m.simple(Syscall::Yield, 0, &[]);
    assert_eq!((m.current(), use_fpu(&m)), (tcb, [9; 33]));
}

#[test]
fn a_thread_that_moves_itself_takes_its_registers_along() {
    let mut m = Machine::new();
    // Without another thread to run, this hart idles.
    let tcb = m.current();
    use_fpu(&m);
    arch::fill_fpu(4);
    let other = m.make_thread(1);
    m.resume(other);
    set_affinity(&m, TCB, OTHER);
    assert!(m.current() != tcb);
    interrupt_other(&m);
    arch::on_hart(OTHER, || assert_eq!((m.current(), use_fpu(&m)), (tcb, [4; 33])));
}

#[test]
fn a_thread_is_stopped_on_its_hart_before_its_registers_are_read() {
    let (m, thread) = thread_on_the_other_hart();
    let tcb = m.thread(thread);
    m.invoke(Invocation::TcbReadRegisters, thread, &[0, 1], &[]).unwrap();
    assert!(tcb.queued.get(), "it will run again");
    arch::on_hart(OTHER, || assert!(m.current() == m.k.hart().idle()));
    interrupt_other(&m);
    arch::on_hart(OTHER, || assert!(m.current() == tcb));
}

#[test]
fn no_hart_can_use_an_address_space_that_is_gone() {
    for pool_goes in [false, true] {
        let (mut m, thread) = thread_on_the_other_hart();
        let root = m.make(ObjectType::PageTable, 0);
        let pool = if pool_goes {
            let (memory, pool) = (m.make(ObjectType::Untyped, 12), m.free_slot());
            let control = InitialSlot::AsidControl as u64;
            m.invoke(Invocation::RiscvAsidControlMakePool, control, &[pool, 64], &[memory, CNODE]).unwrap();
            pool
        } else {
            POOL
        };
        m.invoke(Invocation::RiscvAsidPoolAssign, pool, &[], &[root]).unwrap();
        let Cap::PageTable(cap) = m.cap(root) else { panic!() };
        let asid = cap.mapping.unwrap().asid;
        m.invoke(Invocation::TcbSetSpace, thread, &[0, 0, 0], &[CNODE, root]).unwrap();
        interrupt_other(&m);
        assert!(arch::may_translate(asid));
        if pool_goes { m.delete(pool) } else { m.revoke(root).and_then(|_| m.delete(root)) }.unwrap();
        assert!(!arch::may_translate(asid), "the identifier can be given out again");
    }
}

fn map_and_unmap_a_page(m: &mut Machine) {
    const PAGE: u64 = 0x4_0000;
    let frame = m.make(ObjectType::Page, 0);
    m.invoke(Invocation::RiscvPageMap, frame, &[PAGE, 3, 0], &[SPACE]).unwrap();
    m.invoke(Invocation::RiscvPageUnmap, frame, &[], &[]).unwrap();
}

fn the_other_hart_was_asked(m: &Machine) -> bool {
    arch::on_hart(OTHER, || arch::take_interrupt(m.k)).is_some()
}

#[test]
fn a_hart_that_has_run_nothing_is_not_asked_to_forget_pages() {
    let mut m = Machine::new();
    map_and_unmap_a_page(&mut m);
    assert!(!the_other_hart_was_asked(&m));
}

#[test]
fn a_hart_that_has_run_an_address_space_is_asked_to_forget_its_pages() {
    let (mut m, thread) = thread_on_the_other_hart();
    m.invoke(Invocation::TcbSetSpace, thread, &[0, 0, 0], &[CNODE, SPACE]).unwrap();
    m.resume(thread);
    interrupt_other(&m);
    assert!(!the_other_hart_was_asked(&m), "nothing was asked since");
    map_and_unmap_a_page(&mut m);
    assert!(the_other_hart_was_asked(&m), "it runs the address space");
    m.invoke(Invocation::TcbSuspend, thread, &[], &[]).unwrap();
    interrupt_other(&m);
    map_and_unmap_a_page(&mut m);
    assert!(the_other_hart_was_asked(&m), "it may still hold what it translated");
}

#[cfg(feature = "uintr")]
mod files {
    use rel4_abi::UintrInvocation;

    use super::*;

    fn register(m: &mut Machine, thread: u64) -> u64 {
        let notification = m.make(ObjectType::Notification, 0);
        m.invoke(Invocation::TcbBindNotification, thread, &[], &[notification]).unwrap();
        m.call(thread, UintrInvocation::RegisterReceiver.label(), &[0x1_0000], &[notification])
            .result()
            .unwrap();
        interrupt_other(m);
        notification
    }

    #[test]
    fn a_file_is_opened_armed_and_given_up_on_the_hart_of_its_owner() {
        let (mut m, thread) = thread_on_the_other_hart();
        let notification = register(&mut m, thread);
        let tcb = m.thread(thread);
        let file = tcb.mode_state.file();
        arch::on_hart(OTHER, || {
            assert!(m.current() == tcb);
            m.simple(Syscall::Recv, notification, &[]);
            assert!(arch::is_armed(file));
        });
        assert!(!arch::is_armed(file), "this hart's file of that number is another one");
        arch::raise_identity(arch::file_page(m.k, OTHER, file), 6);
        // The interrupt has not been taken yet when the file is taken away.
        m.call(thread, UintrInvocation::Unregister.label(), &[], &[]).result().unwrap();
        interrupt_other(&m);
        arch::on_hart(OTHER, || {
            assert!(m.current() == tcb);
            m.simple(Syscall::Recv, notification, &[]);
            assert_eq!(m.reply_of(tcb).badge, 1 << 5);
        });
    }

    #[test]
    fn a_thread_woken_by_another_hart_runs_without_an_armed_file() {
        let (mut m, thread) = thread_on_the_other_hart();
        let notification = register(&mut m, thread);
        let tcb = m.thread(thread);
        arch::on_hart(OTHER, || m.simple(Syscall::Recv, notification, &[]));
        m.simple(Syscall::Send, notification, &[]);
        interrupt_other(&m);
        arch::on_hart(OTHER, || {
            assert!(m.current() == tcb);
            assert!(!arch::is_armed(tcb.mode_state.file()));
        });
    }

    #[test]
    fn a_registered_thread_stays_on_its_hart() {
        let (mut m, thread) = thread_on_the_other_hart();
        register(&mut m, thread);
        let label = Invocation::TcbSetAffinity.encode(LABELS).unwrap();
        let refused = m.call(thread, label, &[0], &[]).result();
        assert_eq!(refused, Err(rel4_abi::InvocationError::IllegalOperation));
    }
}
