//! The receiver.

#![allow(unsafe_code, reason = "a handler is not Rust")]

use core::arch::global_asm;
use core::sync::atomic::{AtomicU64, Ordering};

use rel4_markers::{Role, Tracepoint};
use rel4_runtime::arch;
use rel4_runtime::cap::Notification;
use rel4_runtime::executor::ReadyQueue;
use rel4_runtime::process::{self, Start};

use super::board::{Board, step_aside};
use super::settings::{Presence, Settings};
use crate::pair::Backend;

/// The identity that the handler took last; 0 if that was noticed.
static TAKEN: AtomicU64 = AtomicU64::new(0);

// The shortest handler that claims what came and tells the program.
global_asm!(
    ".balign 4",
    "rel4_interrupt_entry_of_notification:",
    ".insn i 0x13, 2, x0, x{tracepoint}, {enter}",
    "addi sp, sp, -16",
    "sd t0, 0(sp)",
    "sd t1, 8(sp)",
    // stopei: claim; the identity is in bits 16 to 26. What the sender wrote before is read after.
    "csrrw t0, 0x15c, zero",
    "fence i, r",
    "srli t0, t0, 16",
    "la t1, {taken}",
    "sd t0, 0(t1)",
    "ld t0, 0(sp)",
    "ld t1, 8(sp)",
    "addi sp, sp, 16",
    ".insn i 0x13, 2, x0, x{tracepoint}, {wake}",
    "sret",
    tracepoint = const Role::Tracepoint.register(),
    enter = const Tracepoint::Enter.index(),
    wake = const Tracepoint::Wake.index(),
    taken = sym TAKEN,
);

unsafe extern "C" {
    fn rel4_interrupt_entry_of_notification();
}

/// Where the receiver takes its interrupts.
pub(super) fn interrupt_entry() -> u64 {
    rel4_interrupt_entry_of_notification as *const () as u64
}

/// Receives one notification after the other, for ever.
pub(super) extern "C" fn main(start: &Start) -> ! {
    let settings = Settings::from_arguments(start.arguments);
    let board = Board::new(start.shared);
    match (settings.receiver, settings.backend) {
        (Presence::Online, Backend::UserInterrupts) => {
            static NO_TASKS: ReadyQueue = ReadyQueue::new();
            arch::with_interrupts(&NO_TASKS, || receive(&board, || be_interrupted(&settings)))
        }
        (Presence::Online, Backend::KernelNotifications) => receive(&board, || poll(&settings)),
        (Presence::Offline, _) => receive(&board, wait),
    }
}

fn receive(board: &Board<'_>, next: impl Fn()) -> ! {
    let mut round = 0;
    loop {
        round += 1;
        board.set_prepared(round);
        next();
        rel4_markers::tracepoint::<{ Tracepoint::Done.index() }>();
        board.set_received(round);
    }
}

/// Goes on with other work, here none, until the handler has told of a notification.
fn be_interrupted(settings: &Settings) {
    while TAKEN.load(Ordering::Acquire) == 0 {
        step_aside(settings.neighbours());
    }
    TAKEN.store(0, Ordering::Relaxed);
}

/// Asks the kernel until there is a notification.
fn poll(settings: &Settings) {
    loop {
        let badge = Notification(process::granted(0)).poll();
        rel4_markers::tracepoint::<{ Tracepoint::Wake.index() }>();
        if badge != 0 {
            return;
        }
        step_aside(settings.neighbours());
    }
}

/// Has the kernel say when there is a notification.
fn wait() {
    loop {
        let badge = Notification(process::granted(0)).wait();
        rel4_markers::tracepoint::<{ Tracepoint::Wake.index() }>();
        if badge != 0 {
            return;
        }
    }
}
