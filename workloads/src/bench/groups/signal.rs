//! Signal to a thread that waits, by whether that runs at once; Poll.

use rel4_abi::{MessageInfo, Syscall};
use rel4_runtime::cap::Notification;
use rel4_runtime::process::{self, Start};

use crate::bench::cast::{Actor, FIRST, Role, SECOND};
use crate::bench::pair::{initiator, responder, role};
use crate::bench::series::Overhead;
use crate::bench::session::{HIGH, LOW, LOWEST, Play, Session};
use crate::bench::tape::Tape;
use crate::bench::window::{Ecall, Passage, Request};
use crate::failure::Failure;

const SIGNAL: Request = Request::new(Syscall::Send, FIRST);
const WAIT: Request = Request::new(Syscall::Recv, FIRST);

/// Measures the group.
pub(super) fn measure(session: &mut Session<'_>) -> Result<(), Failure> {
    let overhead = Overhead::Instruction;
    for (operations, waiter) in [
        (["notify_high_thread", "wait_thread"], Actor::Beside),
        (["notify_high_process", "wait_process"], Actor::Far),
    ] {
        let mut signaller = initiator::<Ecall>(Actor::Near, Syscall::Send, FIRST, MessageInfo(0));
        signaller.priority = LOW;
        let waiter = responder::<Ecall>(waiter, Syscall::Recv, Syscall::Recv, FIRST, MessageInfo(0));
        session.play(&Play { operations: &operations, overhead, roles: &[signaller, waiter] })?;
    }
    for (operation, actor, priority) in [
        ("notify_low_thread", Actor::Beside, LOW),
        ("notify_low_process", Actor::Far, LOW),
        ("notify_equal_thread", Actor::Beside, HIGH),
        ("notify_equal_process", Actor::Far, HIGH),
    ] {
        let signaller = role(Actor::Near, signal, [0; 4]);
        let mut waiter = role(actor, wait, [0; 4]);
        waiter.priority = priority;
        session.play(&Play { operations: &[operation], overhead, roles: &[signaller, waiter, waker()] })?;
    }
    for (operation, actor) in [("notify_thread", Actor::Beside), ("notify_process", Actor::Far)] {
        let signaller = role(Actor::Near, signal_until_waiter_runs, [0; 4]);
        let mut waiter = role(actor, wait_signalled, [0; 4]);
        waiter.priority = LOW;
        session.play(&Play { operations: &[operation], overhead, roles: &[signaller, waiter, waker()] })?;
    }
    let notification = session.cast.first_notification();
    let poll = Request::new(Syscall::NBRecv, notification.0);
    session.alone(["poll_idle"], overhead, session.effort, |session| {
        Ok([Ecall::around(session.counter, poll).1])
    })?;
    session.alone(["poll_active"], overhead, session.effort, |session| {
        notification.signal();
        Ok([Ecall::around(session.counter, poll).1])
    })
}

/// The thread that wakes the signaller when the waiter waits again: it runs when nobody else does.
const fn waker() -> Role {
    let mut waker = role(Actor::Faulter, wake, [0; 4]);
    waker.priority = LOWEST;
    waker
}

/// Signals, goes on itself, then lets the others run.
extern "C" fn signal(start: &Start) -> ! {
    let tape = Tape::new(start.shared);
    let counter = tape.counter();
    for cycle in 0..tape.cycles() {
        let (_, window) = Ecall::around(counter, SIGNAL);
        tape.opened(0, cycle, window.opened);
        tape.closed(0, cycle, window.closed);
        let _: u64 = Notification(SECOND).wait();
    }
    process::finish([0; 4])
}

/// Signals and waits, so that the waiter runs; the waiter closes the window.
extern "C" fn signal_until_waiter_runs(start: &Start) -> ! {
    let tape = Tape::new(start.shared);
    let counter = tape.counter();
    for cycle in 0..tape.cycles() {
        let opened = Ecall::opening(counter, SIGNAL);
        let _: u64 = Notification(SECOND).wait();
        tape.opened(0, cycle, opened);
    }
    process::finish([0; 4])
}

extern "C" fn wait(_: &Start) -> ! {
    loop {
        let _: u64 = Notification(FIRST).wait();
    }
}

extern "C" fn wait_signalled(start: &Start) -> ! {
    let tape = Tape::new(start.shared);
    let counter = tape.counter();
    let mut cycle = 0;
    loop {
        let (_, closed) = Ecall::closing(counter, WAIT);
        tape.closed(0, cycle, closed);
        cycle += 1;
    }
}

extern "C" fn wake(_: &Start) -> ! {
    loop {
        Notification(SECOND).signal();
    }
}
