//! Yield to a thread of the same priority, and to none.

use rel4_abi::{CPtr, MessageInfo, Syscall};

use crate::bench::cast::Actor;
use crate::bench::pair::{initiator, responder};
use crate::bench::series::{NONE, Overhead};
use crate::bench::session::{Play, Session};
use crate::bench::window::{Ecall, Passage, Request};
use crate::failure::Failure;

/// Measures the group.
pub(super) fn measure(session: &mut Session<'_>) -> Result<(), Failure> {
    let (overhead, none) = (Overhead::Instruction, MessageInfo(0));
    for (operation, other) in [("thread_yield", Actor::Beside), ("process_yield", Actor::Far)] {
        let first = initiator::<Ecall>(Actor::Near, Syscall::Yield, CPtr::NULL, none);
        let second = responder::<Ecall>(other, Syscall::Yield, Syscall::Yield, CPtr::NULL, none);
        session.play(&Play { operations: &[operation, NONE], overhead, roles: &[first, second] })?;
    }
    // The root task has its priority for itself.
    session.alone(["yield_alone"], overhead, session.effort, |session| {
        Ok([Ecall::around(session.counter, Request::new(Syscall::Yield, CPtr::NULL)).1])
    })
}
