//! U-notifications, as far as the kernel takes part in them.

use rel4_abi::lookup_failure::LookupFailure;
use rel4_abi::vm::USER_TOP;
use rel4_abi::{
    CapRights, InitialSlot, Invocation, InvocationError, LookupSide, ObjectType, Syscall, UintrInvocation,
};

use super::Machine;
use super::machine::PARTNER;
use crate::arch;
use crate::cap::Cap;
use crate::ipc;
use crate::object::ThreadState;
use crate::trap::{self, Cause};

const ROOT: u64 = InitialSlot::CNode as u64;
const SPACE: u64 = InitialSlot::VSpace as u64;
const TCB: u64 = InitialSlot::Tcb as u64;
/// A page with page tables: behind the BootInfo of the root task.
const PAGE: u64 = 0x4_0000;

type Outcome = Result<(), InvocationError>;

fn call(m: &Machine, operation: UintrInvocation, cptr: u64, words: &[u64], caps: &[u64]) -> Outcome {
    m.call(cptr, operation.label(), words, caps).result().map(drop)
}

fn register(m: &Machine, tcb: u64, notification: u64) -> Outcome {
    call(m, UintrInvocation::RegisterReceiver, tcb, &[0x1_0000], &[notification])
}

fn add_sender(m: &mut Machine, notification: u64, vaddr: u64) -> Result<u64, InvocationError> {
    let slot = m.free_slot();
    call(m, UintrInvocation::RegisterSender, SPACE, &[vaddr, slot, 64], &[notification, ROOT]).map(|()| slot)
}

/// A machine whose root task is a registered receiver.
fn receiver() -> (Machine, u64) {
    let mut m = Machine::new();
    let notification = m.make(ObjectType::Notification, 0);
    m.invoke(Invocation::TcbBindNotification, TCB, &[], &[notification]).unwrap();
    register(&m, TCB, notification).unwrap();
    (m, notification)
}

/// What a sender does: a store to its page.
fn store(m: &Machine, file: usize, identity: u32) {
    arch::raise_identity(arch::file_page(m.k, 0, file), identity);
}

fn poll(m: &Machine, notification: u64) -> u64 {
    let thread = m.current();
    m.simple(Syscall::NBRecv, notification, &[]);
    m.reply_of(thread).badge
}

/// The first file that threads get.
const FILE: usize = 2;

#[test]
fn only_a_thread_bound_to_the_notification_can_take_a_file_and_only_one() {
    let mut m = Machine::new();
    let notification = m.make(ObjectType::Notification, 0);
    assert_eq!(register(&m, TCB, notification), Err(InvocationError::IllegalOperation));
    m.invoke(Invocation::TcbBindNotification, TCB, &[], &[notification]).unwrap();
    let send_only = m.mint(notification, CapRights::WRITE, 1);
    assert_eq!(register(&m, TCB, send_only), Err(InvocationError::InvalidCapability { index: 1 }));
    assert_eq!(register(&m, TCB, ROOT), Err(InvocationError::InvalidCapability { index: 1 }));
    register(&m, TCB, notification).unwrap();
    assert_eq!(register(&m, TCB, notification), Err(InvocationError::IllegalOperation));
}

#[test]
fn files_run_out_and_a_file_given_up_is_not_given_out_again() {
    let mut m = Machine::new();
    let take = |m: &mut Machine| {
        let (thread, notification) = (m.make_thread(1), m.make(ObjectType::Notification, 0));
        m.invoke(Invocation::TcbBindNotification, thread, &[], &[notification]).unwrap();
        (thread, register(m, thread, notification))
    };
    let (first, result) = take(&mut m);
    result.unwrap();
    take(&mut m).1.unwrap();
    let none_left = Err(InvocationError::NotEnoughMemory { bytes_free: 0 });
    assert_eq!(take(&mut m).1, none_left);
    m.delete(first).unwrap();
    assert_eq!(take(&mut m).1, none_left);
}

#[test]
fn stores_and_kernel_signals_meet_in_one_word() {
    let (mut m, notification) = receiver();
    let badged = m.mint(notification, CapRights::ALL, 0b100);
    store(&m, FILE, 1);
    m.simple(Syscall::Send, badged, &[]);
    assert_eq!(poll(&m, notification), 0b101);
    assert_eq!(poll(&m, notification), 0);
}

#[test]
fn bit_63_and_the_zero_badge_travel_in_the_ordinary_word() {
    let (mut m, notification) = receiver();
    let top = m.mint(notification, CapRights::ALL, 1 << 63 | 1);
    m.simple(Syscall::Send, top, &[]);
    assert_eq!(poll(&m, notification), 1 << 63 | 1);
    m.simple(Syscall::Send, notification, &[]);
    let root = m.current();
    m.simple(Syscall::Recv, notification, &[]);
    assert_eq!((m.current(), m.reply_of(root).badge), (root, 0));
}

#[test]
fn bits_from_before_the_registration_are_not_lost() {
    let mut m = Machine::new();
    let notification = m.make(ObjectType::Notification, 0);
    let badged = m.mint(notification, CapRights::ALL, 0b1010);
    m.simple(Syscall::Send, badged, &[]);
    m.invoke(Invocation::TcbBindNotification, TCB, &[], &[notification]).unwrap();
    register(&m, TCB, notification).unwrap();
    assert_eq!(poll(&m, notification), 0b1010);
}

#[test]
fn a_store_before_between_or_after_the_steps_of_blocking_always_wakes() {
    for silenced in [false, true] {
        let (mut m, notification) = receiver();
        let other = m.make_thread(1);
        m.resume(other);
        let root = m.current();
        if silenced {
            arch::silence_file(FILE);
        }
        m.simple(Syscall::Recv, notification, &[]);
        assert!(matches!(root.state(), ThreadState::BlockedOnNotification(_)));
        store(&m, FILE, 5);
        assert_ne!(arch::armed_and_pending_files(), 0, "the kernel is interrupted");
        crate::uintr::wake_owners(m.k);
        crate::sched::schedule(m.k);
        m.check();
        assert_eq!((m.current(), m.reply_of(root).badge), (root, 1 << 4));
        assert_eq!(arch::armed_and_pending_files(), 0);
    }
    let (m, notification) = receiver();
    store(&m, FILE, 5);
    let root = m.current();
    m.simple(Syscall::Recv, notification, &[]);
    assert_eq!((m.current(), m.reply_of(root).badge), (root, 1 << 4), "pending: no blocking");
}

#[test]
fn a_running_receiver_never_interrupts_the_kernel() {
    let (m, _) = receiver();
    store(&m, FILE, 5);
    store(&m, FILE, 200);
    assert_eq!(arch::armed_and_pending_files(), 0);
}

#[cfg(feature = "sync-ipc")]
#[test]
fn a_store_wakes_a_registered_thread_out_of_a_receive() {
    let (mut m, _) = receiver();
    let ep = m.make(ObjectType::Endpoint, 0);
    let other = m.make_thread(1);
    m.resume(other);
    let root = m.current();
    m.simple(Syscall::Recv, ep, &[]);
    store(&m, FILE, 3);
    crate::uintr::wake_owners(m.k);
    crate::sched::schedule(m.k);
    m.check();
    assert_eq!((m.current(), m.reply_of(root).badge), (root, 1 << 2));
}

#[test]
fn a_sender_page_is_mapped_by_right_of_the_notification_and_unmapped_with_it() {
    let (mut m, notification) = receiver();
    let wait_only = m.mint(notification, CapRights::READ, 1);
    assert_eq!(add_sender(&mut m, wait_only, PAGE), Err(InvocationError::InvalidCapability { index: 1 }));
    assert_eq!(add_sender(&mut m, notification, PAGE + 1), Err(InvocationError::AlignmentError));
    for vaddr in [USER_TOP, !0xfff] {
        assert_eq!(
            add_sender(&mut m, notification, vaddr),
            Err(InvocationError::InvalidArgument { index: 0 })
        );
    }
    let badged = m.mint(notification, CapRights::ALL, 2);
    let page = add_sender(&mut m, badged, PAGE).unwrap();
    assert_eq!(add_sender(&mut m, badged, PAGE), Err(InvocationError::DeleteFirst));
    let Cap::PageTable(space) = m.cap(SPACE) else { panic!() };
    let entry = || crate::vm::space::walk(space.table, PAGE).entry.get();
    assert!(entry().is_leaf_to(arch::file_page(m.k, 0, FILE)));
    m.revoke(badged).unwrap();
    assert_eq!(m.cap(page), Cap::Null);
    assert!(!entry().is_valid());
}

#[test]
fn a_sender_page_cannot_be_copied_or_invoked() {
    let (mut m, notification) = receiver();
    let page = add_sender(&mut m, notification, PAGE).unwrap();
    let slot = m.free_slot();
    let copied = m.invoke(Invocation::CNodeCopy, ROOT, &[slot, 64, page, 64, 15], &[ROOT]);
    assert_eq!(copied, Err(InvocationError::IllegalOperation));
    assert_eq!(
        m.invoke(Invocation::RiscvPageMap, page, &[PAGE, 3, 0], &[SPACE]),
        Err(InvocationError::IllegalOperation)
    );
}

#[test]
fn a_thread_that_dies_blocked_leaves_a_silent_file() {
    let mut m = Machine::new();
    let (thread, notification) = (m.make_thread(255), m.make(ObjectType::Notification, 0));
    m.invoke(Invocation::TcbBindNotification, thread, &[], &[notification]).unwrap();
    register(&m, thread, notification).unwrap();
    m.resume(thread);
    m.simple(Syscall::Yield, 0, &[]);
    m.simple(Syscall::Recv, notification, &[]);
    m.delete(thread).unwrap();
    store(&m, FILE, 9);
    assert_eq!(arch::armed_and_pending_files(), 0);
    trap::handle(m.k, Cause::Interrupt);
    m.check();
}

/// A machine with a running thread that has a file, its notification, and a thread that runs when it blocks: the root task.
fn registered_thread() -> (Machine, u64, u64) {
    let mut m = Machine::new();
    let (thread, notification) = (m.make_thread(255), m.make(ObjectType::Notification, 0));
    m.invoke(Invocation::TcbBindNotification, thread, &[], &[notification]).unwrap();
    register(&m, thread, notification).unwrap();
    m.resume(thread);
    m.simple(Syscall::Yield, 0, &[]);
    (m, thread, notification)
}

#[test]
fn a_store_wakes_nobody_who_waits_for_something_else_by_now() {
    let (mut m, thread, notification) = registered_thread();
    let tcb = m.current();
    m.simple(Syscall::Recv, notification, &[]);
    let other = m.make(ObjectType::Notification, 0);
    m.invoke(Invocation::TcbSuspend, thread, &[], &[]).unwrap();
    m.resume(thread);
    m.simple(Syscall::Yield, 0, &[]);
    m.simple(Syscall::Recv, other, &[]);
    let waits = tcb.state();
    assert!(matches!(waits, ThreadState::BlockedOnNotification(_)));
    store(&m, FILE, 3);
    m.trap(Cause::Interrupt);
    assert_eq!(tcb.state(), waits);
}

#[test]
fn a_thread_that_is_stopped_while_it_waits_has_no_armed_file() {
    let (m, thread, notification) = registered_thread();
    m.simple(Syscall::Recv, notification, &[]);
    assert!(arch::is_armed(FILE));
    m.invoke(Invocation::TcbSuspend, thread, &[], &[]).unwrap();
    assert!(!arch::is_armed(FILE));
}

#[test]
fn a_thread_that_runs_again_has_no_armed_file_whatever_woke_it() {
    let (mut m, _, notification) = registered_thread();
    let tcb = m.current();
    m.simple(Syscall::Yield, 0, &[]);
    let ep = m.make(PARTNER, 0);
    m.simple(Syscall::Yield, 0, &[]);
    // A notification that is not bound to it is no place where its file wakes it.
    let cases = [(notification, notification), (notification, ep), (ep, ep)];
    for &(waker, waits_at) in if ipc::IS_PRESENT { &cases[..] } else { &cases[..1] } {
        m.simple(Syscall::Recv, waits_at, &[]);
        assert!(arch::is_armed(FILE) && m.current() != tcb);
        m.simple(Syscall::Send, waker, &[]);
        while m.current() != tcb {
            m.simple(Syscall::Yield, 0, &[]);
        }
        assert!(!arch::is_armed(FILE));
    }
}

#[test]
fn what_is_pending_in_a_file_that_is_given_up_waits_in_the_word() {
    for give_up in [
        (|m: &Machine, thread: u64| call(m, UintrInvocation::Unregister, thread, &[], &[]).unwrap())
            as fn(&Machine, u64),
        |m, thread| {
            m.invoke(Invocation::TcbUnbindNotification, thread, &[], &[]).unwrap();
        },
        |m, thread| {
            m.delete(thread).unwrap();
        },
    ] {
        let (m, thread, notification) = registered_thread();
        m.simple(Syscall::Yield, 0, &[]);
        store(&m, FILE, 1);
        store(&m, FILE, 63);
        give_up(&m, thread);
        m.check();
        let Cap::Notification(cap) = m.cap(notification) else { panic!() };
        cap.notification.unbind(m.k);
        assert_eq!(poll(&m, notification), 1 << 62 | 1);
    }
}

#[test]
fn a_thread_that_waits_while_its_file_is_taken_away_does_not_miss_what_was_stored() {
    let (m, thread, notification) = registered_thread();
    let tcb = m.current();
    m.simple(Syscall::Recv, notification, &[]);
    // The interrupt has not been taken yet.
    store(&m, FILE, 4);
    call(&m, UintrInvocation::Unregister, thread, &[], &[]).unwrap();
    assert_eq!(tcb.state(), ThreadState::Restart);
    m.simple(Syscall::Yield, 0, &[]);
    assert_eq!(m.current(), tcb);
    m.simple(Syscall::Recv, notification, &[]);
    assert_eq!((m.current(), m.reply_of(tcb).badge), (tcb, 1 << 3));
}

#[test]
fn unbinding_gives_the_file_up() {
    let (mut m, thread, notification) = registered_thread();
    let tcb = m.current();
    m.simple(Syscall::Yield, 0, &[]);
    m.invoke(Invocation::TcbUnbindNotification, thread, &[], &[]).unwrap();
    assert_eq!(tcb.mode_state.file(), 0);
    assert_eq!(add_sender(&mut m, notification, PAGE), Err(InvocationError::IllegalOperation));
}

#[test]
fn a_notification_that_dies_takes_the_file_along() {
    let (m, _, notification) = registered_thread();
    let tcb = m.current();
    m.simple(Syscall::Recv, notification, &[]);
    store(&m, FILE, 4);
    m.delete(notification).unwrap();
    m.check_all();
    assert_eq!((tcb.mode_state.file(), tcb.state()), (0, ThreadState::Restart));
}

#[test]
fn a_thread_and_its_notification_that_die_together_leave_nothing_behind() {
    let mut m = Machine::new();
    let untyped = m.make(ObjectType::Untyped, 14);
    // The newest goes first: the notification wakes a thread that dies in the same operation.
    let thread = m.retype_from(untyped, ObjectType::Tcb, 0).unwrap();
    let notification = m.retype_from(untyped, ObjectType::Notification, 0).unwrap();
    m.invoke(Invocation::TcbConfigure, thread, &[0, 0, 0, 0], &[ROOT, SPACE, 0]).unwrap();
    m.invoke(Invocation::TcbSetPriority, thread, &[255], &[TCB]).unwrap();
    m.invoke(Invocation::TcbBindNotification, thread, &[], &[notification]).unwrap();
    register(&m, thread, notification).unwrap();
    m.resume(thread);
    let root = m.current();
    m.simple(Syscall::Yield, 0, &[]);
    m.simple(Syscall::Recv, notification, &[]);
    store(&m, FILE, 4);
    m.revoke(untyped).unwrap();
    m.check_all();
    assert_eq!(m.current(), root);
    m.retype_from(untyped, ObjectType::Untyped, 14).unwrap();
}

#[test]
fn what_a_stale_sender_stores_reaches_nobody() {
    let (mut m, thread, notification) = registered_thread();
    m.simple(Syscall::Yield, 0, &[]);
    let page = add_sender(&mut m, notification, PAGE).unwrap();
    call(&m, UintrInvocation::Unregister, thread, &[], &[]).unwrap();
    assert!(matches!(m.cap(page), Cap::SenderPage(_)), "it is still mapped");
    let (next, other) = (m.make_thread(255), m.make(ObjectType::Notification, 0));
    m.invoke(Invocation::TcbBindNotification, next, &[], &[other]).unwrap();
    register(&m, next, other).unwrap();
    assert_ne!(m.thread(next).mode_state.file(), FILE, "a file given up is not given out again");
    m.resume(next);
    let tcb = m.thread(next);
    while m.current() != tcb {
        m.simple(Syscall::Yield, 0, &[]);
    }
    m.simple(Syscall::Recv, other, &[]);
    for identity in 1..=rel4_abi::uintr::MAX_IDENTITY {
        store(&m, FILE, identity);
    }
    assert_eq!(arch::armed_and_pending_files(), 0);
    assert!(matches!(tcb.state(), ThreadState::BlockedOnNotification(_)));
}

#[test]
fn registering_checks_its_arguments() {
    const TRUNCATED: Outcome = Err(InvocationError::TruncatedMessage);
    let (mut m, notification) = receiver();
    let receiver =
        |words: &[u64], caps: &[u64]| call(&m, UintrInvocation::RegisterReceiver, TCB, words, caps);
    assert_eq!((receiver(&[], &[notification]), receiver(&[0x1_0000], &[])), (TRUNCATED, TRUNCATED));
    assert_eq!(receiver(&[0x1_0002], &[notification]), Err(InvocationError::AlignmentError));
    let sender = |words: &[u64], caps: &[u64]| call(&m, UintrInvocation::RegisterSender, SPACE, words, caps);
    assert_eq!(sender(&[PAGE, 0], &[notification, ROOT]), TRUNCATED);
    assert_eq!(sender(&[PAGE, 0, 64], &[notification]), TRUNCATED);
    assert_eq!(sender(&[PAGE, ROOT, 64], &[notification, ROOT]), Err(InvocationError::DeleteFirst));
    let missing = LookupFailure::MissingCapability { bits_left: 30 };
    assert_eq!(
        sender(&[0x20_0000_0000, 0, 64], &[notification, ROOT]),
        Err(InvocationError::FailedLookup { side: LookupSide::Target, failure: missing })
    );
    let table = m.make(ObjectType::PageTable, 0);
    assert_eq!(
        call(&m, UintrInvocation::RegisterSender, table, &[PAGE, 0, 64], &[notification, ROOT]),
        Err(InvocationError::InvalidCapability { index: 0 }),
        "a table that is no root"
    );
    call(&m, UintrInvocation::Unregister, TCB, &[], &[]).unwrap();
    assert_eq!(call(&m, UintrInvocation::Unregister, TCB, &[], &[]), Err(InvocationError::IllegalOperation));
}
