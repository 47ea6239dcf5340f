//! An illegal instruction, by way of the handler, which skips it.

use rel4_abi::fault::FaultLabel;
use rel4_abi::{CPtr, MessageInfo, Syscall};
use rel4_runtime::process::Start;

use crate::bench::cast::{Actor, RECEIVER};
use crate::bench::pair::{initiator, role};
use crate::bench::series::Overhead;
use crate::bench::session::{Play, Session};
use crate::bench::tape::Tape;
use crate::bench::window::{Ecall, IllegalInstruction, Passage, Request};
use crate::failure::Failure;

/// Measures the group.
pub(super) fn measure(session: &mut Session<'_>) -> Result<(), Failure> {
    for (operations, handler) in [
        (["fault_thread", "fault_reply_thread"], Actor::Beside),
        (["fault_process", "fault_reply_process"], Actor::Far),
    ] {
        let faulter =
            initiator::<IllegalInstruction>(Actor::Faulter, Syscall::Yield, CPtr::NULL, MessageInfo(0));
        let handler = role(handler, handle, [0; 4]);
        session.play(&Play {
            operations: &operations,
            overhead: Overhead::Instruction,
            roles: &[faulter, handler],
        })?;
    }
    Ok(())
}

/// Lets whoever faults go on behind the instruction, for ever.
extern "C" fn handle(start: &Start) -> ! {
    const INSTRUCTION_BYTES: u64 = 4;
    let tape = Tape::new(start.shared);
    let counter = tape.counter();
    let (mut fault, closed) = Ecall::closing(counter, Request::new(Syscall::Recv, RECEIVER));
    tape.closed(0, 0, closed);
    let mut answer = Request::new(Syscall::ReplyRecv, RECEIVER);
    answer.info = MessageInfo::new(0, 0, 0, 1);
    let mut cycle = 0;
    loop {
        assert!(fault.info.label() == FaultLabel::UserException as u64, "another fault than expected");
        let [pc, ..] = fault.words;
        answer.words[0] = pc + INSTRUCTION_BYTES;
        let (received, window) = Ecall::around(counter, answer);
        fault = received;
        tape.opened(1, cycle, window.opened);
        cycle += 1;
        tape.closed(0, cycle, window.closed);
    }
}
