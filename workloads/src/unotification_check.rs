//! Checks U-notifications end to end, one property after the other: polled, waited for, taken by a handler, claimed by priority, and waking a
//! blocked thread from another address space.
#![allow(unsafe_code, reason = "a handler is not Rust; stores to the sender page")]

use core::arch::global_asm;
use core::sync::atomic::{AtomicU64, Ordering};

use rel4_abi::sched::MAX_PRIORITY;
use rel4_abi::uintr::FIRST_QUEUE_IDENTITY;
use rel4_abi::{CapRights, ObjectType};
use rel4_records::Kind;
use rel4_runtime::arch;
use rel4_runtime::cap::Notification;
use rel4_runtime::executor::ReadyQueue;
use rel4_runtime::process::{self, ProcessSpec, Start, Supervisor};
use rel4_runtime::resources::Resources;
use rel4_runtime::vaddr;

use crate::failure::{self, Failure};
use crate::parameters::Parameters;
use crate::root::Root;

/// The workload's name.
pub const NAME: &str = "unotification-check";

/// The identity that the handler took last.
static TAKEN: AtomicU64 = AtomicU64::new(0);

global_asm!(
    ".balign 4",
    "rel4_interrupt_entry_of_check:",
    "addi sp, sp, -16",
    "sd t0, 0(sp)",
    "sd t1, 8(sp)",
    // stopei: claim; the identity is in bits 16 to 26.
    "csrrw t0, 0x15c, zero",
    "srli t0, t0, 16",
    "la t1, {taken}",
    "sd t0, 0(t1)",
    "ld t0, 0(sp)",
    "ld t1, 8(sp)",
    "addi sp, sp, 16",
    "sret",
    taken = sym TAKEN,
);

unsafe extern "C" {
    fn rel4_interrupt_entry_of_check();
}

/// Runs the workload.
///
/// # Errors
///
/// [`Failure::Check`] names the first property that does not hold.
pub fn run(root: &mut Root, parameters: &Parameters<'_>) -> Result<(), Failure> {
    parameters.only(&[])?;
    root.begin(NAME, parameters)?;
    let notification = Notification(root.resources.make(ObjectType::Notification, 0)?);
    Resources::TCB.bind_notification(notification)?;
    Resources::TCB.register_receiver(notification, rel4_interrupt_entry_of_check as *const () as u64)?;
    let page = root.resources.reserve_window(1);
    let slot = root.resources.take_slot()?;
    Resources::VSPACE.register_sender(notification, page, Resources::CNODE, slot.word())?;

    let mut passed = 0;
    let mut check = |name: &'static str, holds: bool| {
        passed += u64::from(holds);
        if holds { Ok(()) } else { Err(Failure::Check { name }) }
    };
    store(page, 5);
    check("a_stored_identity_is_polled_as_its_badge_bit", notification.poll() == 1 << 4)?;
    check("what_was_polled_is_gone", notification.poll() == 0)?;

    let badged = root.resources.take_slot()?;
    Resources::slot(badged).mint_badged_from(Resources::slot(notification.0), CapRights::ALL, 0b1010)?;
    Notification(badged).signal();
    check("a_signal_of_the_kernel_arrives_in_the_file", notification.poll() == 0b1010)?;

    store(page, 10);
    check("wait_returns_at_once_when_an_identity_is_pending", notification.wait() == 1 << 9)?;

    // The store takes its time to come back as an interrupt.
    const PATIENCE: usize = 1_000_000;
    static READY: ReadyQueue = ReadyQueue::new();
    let arrived = arch::with_interrupts(&READY, || {
        store(page, 7);
        (0..PATIENCE).any(|_| TAKEN.load(Ordering::Relaxed) != 0)
    });
    check("the_handler_is_entered", arrived)?;
    check("the_handler_takes_an_identity_without_the_kernel", TAKEN.load(Ordering::Relaxed) == 7)?;

    arch::enable_queue_identities();
    store(page, FIRST_QUEUE_IDENTITY + 6);
    store(page, FIRST_QUEUE_IDENTITY + 2);
    let claimed = [(); 3].map(|()| arch::claim_identity());
    let expected = [FIRST_QUEUE_IDENTITY + 2, FIRST_QUEUE_IDENTITY + 6, 0].map(u64::from);
    check("claims_come_in_the_order_of_priority", claimed == expected)?;

    check(
        "a_blocked_thread_is_woken_by_a_store_of_another_process",
        wake_by_child(root, notification)? == 1 << 11,
    )?;
    root.records.record(Kind::Note).field("checks_passed", passed).finish()?;
    Ok(())
}

/// Waits while a child of lower priority stores; returns the badge.
fn wake_by_child(root: &mut Root, notification: Notification) -> Result<u64, Failure> {
    let supervisor = Supervisor::new(&mut root.resources)?;
    let spec = ProcessSpec {
        main: child_main,
        arguments: [12, 0, 0, 0],
        priority: MAX_PRIORITY - 1,
        hart: 0,
        supervisor,
        badge: 1,
        grants: &[],
        shared: None,
    };
    let child = process::create(&mut root.resources, root.info, &spec)?;
    let slot = root.resources.take_slot()?;
    child.vspace().register_sender(notification, vaddr::SENDER_PAGES, Resources::CNODE, slot.word())?;
    child.start()?;
    let badge = notification.wait();
    let (_, report) = supervisor.receive();
    failure::unless_finished("child", report)?;
    Ok(badge)
}

extern "C" fn child_main(start: &Start) -> ! {
    let [identity, ..] = start.arguments;
    store(vaddr::SENDER_PAGES, identity as u32);
    process::finish([0; 4])
}

/// Raises an identity.
fn store(page: u64, identity: u32) {
    // SAFETY: a sender page is mapped there.
    unsafe { arch::raise_identity(page, u64::from(identity)) };
}
