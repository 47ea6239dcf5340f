//! Round trips between two harts, as the hart sees them that begins; nothing on a kernel for one.

use rel4_abi::{MessageInfo, Syscall};
use rel4_runtime::cap::{Endpoint, Notification};
use rel4_runtime::process::{self, Start};

use crate::bench::cast::{Actor, FIRST, RECEIVER, SECOND, SENDER};
use crate::bench::pair::role;
use crate::bench::series::Overhead;
use crate::bench::session::{Play, Session};
use crate::bench::tape::Tape;
use crate::bench::window::{Ecall, Passage, Request, stretch};
use crate::failure::Failure;

/// Measures the group.
pub(super) fn measure(session: &mut Session<'_>) -> Result<(), Failure> {
    if session.root.info.num_nodes < 2 {
        return Ok(());
    }
    for (operation, length) in [("ipc_remote", 0), ("ipc_remote_len10", 10)] {
        let info = MessageInfo::new(0, 0, 0, length);
        let client = role(Actor::Near, call, [info.0, 0, 0, 0]);
        let mut server = role(Actor::Far, answer, [info.0, 0, 0, 0]);
        server.hart = 1;
        let overhead = Overhead::Instruction;
        session.play(&Play { operations: &[operation], overhead, roles: &[client, server] })?;
    }
    let near = role(Actor::Near, signal, [0; 4]);
    let mut far = role(Actor::Far, signal_back, [0; 4]);
    far.hart = 1;
    session.play(&Play { operations: &["notify_remote"], overhead: Overhead::Empty, roles: &[near, far] })
}

extern "C" fn call(start: &Start) -> ! {
    let tape = Tape::new(start.shared);
    let counter = tape.counter();
    let mut request = Request::new(Syscall::Call, SENDER);
    request.info = MessageInfo(start.arguments[0]);
    let mut differences = 0;
    for cycle in 0..tape.cycles() {
        let (answer, window) = Ecall::around(counter, request);
        tape.opened(0, cycle, window.opened);
        tape.closed(0, cycle, window.closed);
        differences |= answer.info.0 ^ request.info.0;
    }
    process::finish([differences, 0, 0, 0])
}

extern "C" fn answer(start: &Start) -> ! {
    let info = MessageInfo(start.arguments[0]);
    let mut message = Endpoint(RECEIVER).recv();
    loop {
        message = rel4_runtime::arch::reply_recv(
            RECEIVER,
            info,
            rel4_runtime::ipc::Registers::new(message.words),
        );
    }
}

extern "C" fn signal(start: &Start) -> ! {
    let tape = Tape::new(start.shared);
    let counter = tape.counter();
    for cycle in 0..tape.cycles() {
        let (_, window) = stretch(counter, || {
            Notification(FIRST).signal();
            Notification(SECOND).wait()
        });
        tape.opened(0, cycle, window.opened);
        tape.closed(0, cycle, window.closed);
    }
    process::finish([0; 4])
}

extern "C" fn signal_back(_: &Start) -> ! {
    loop {
        let _: u64 = Notification(FIRST).wait();
        Notification(SECOND).signal();
    }
}
