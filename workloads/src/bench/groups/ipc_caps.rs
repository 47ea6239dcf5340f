//! Call with a capability along: one that arrives as its badge, and one that arrives in a slot.

use rel4_abi::{MessageInfo, Syscall};
use rel4_runtime::arch;
use rel4_runtime::process::Start;

use crate::bench::cast::{
    Actor, FIRST, LUGGAGE, LUGGAGE_RADIX_BITS, RECEIVER, SENDER, luggage_slot,
};
use crate::bench::pair::{initiator, responder, role};
use crate::bench::series::Overhead;
use crate::bench::session::{Play, Session};
use crate::bench::tape::Tape;
use crate::bench::window::{Ecall, Passage, Request};
use crate::failure::Failure;

/// Measures the group.
pub(super) fn measure(session: &mut Session<'_>) -> Result<(), Failure> {
    let empty = MessageInfo::new(0, 0, 0, 0);
    let with_cap = MessageInfo::new(0, 0, 1, 0);
    let mut client = initiator::<Ecall>(Actor::Near, Syscall::Call, SENDER, with_cap);
    // The endpoint itself, through which it is sent.
    client.arguments[3] = SENDER.word();
    let server = responder::<Ecall>(Actor::Far, Syscall::Recv, Syscall::ReplyRecv, RECEIVER, empty);
    let operations = &["ipc_call_badge", "ipc_reply_badge"];
    session.play(&Play { operations, overhead: Overhead::Instruction, roles: &[client, server] })?;

    client.arguments[3] = FIRST.word();
    let server = role(Actor::Far, unpack, [0; 4]);
    let operations = &["ipc_call_cap", "ipc_reply_cap"];
    session.play(&Play { operations, overhead: Overhead::Instruction, roles: &[client, server] })
}

/// Answers requests, and deletes the capability that each of them brought, for ever.
extern "C" fn unpack(start: &Start) -> ! {
    let tape = Tape::new(start.shared);
    let counter = tape.counter();
    arch::set_receive_slot(LUGGAGE, 0, u64::from(LUGGAGE_RADIX_BITS));
    let (mut message, closed) = Ecall::closing(counter, Request::new(Syscall::Recv, RECEIVER));
    tape.closed(0, 0, closed);
    let answer = Request::new(Syscall::ReplyRecv, RECEIVER);
    let mut cycle = 0;
    loop {
        assert!(message.info.extra_caps() == 1 && message.info.caps_unwrapped() == 0, "it brought no capability");
        luggage_slot().delete().expect("the slot is there");
        let (received, window) = Ecall::around(counter, answer);
        message = received;
        tape.opened(1, cycle, window.opened);
        cycle += 1;
        tape.closed(0, cycle, window.closed);
    }
}
