//! The cheapest ways into the kernel and back.

use rel4_abi::{CPtr, InitialSlot, Syscall};

use crate::bench::series::Overhead;
use crate::bench::session::Session;
use crate::bench::window::{Ecall, Passage, Request};
use crate::failure::Failure;

/// Measures the group.
pub(super) fn measure(session: &mut Session<'_>) -> Result<(), Failure> {
    // Reply without a caller does nothing; a Call with a label that no object knows is refused.
    let nothing = Request::new(Syscall::Reply, CPtr::NULL);
    let refused = Request::new(Syscall::Call, InitialSlot::CNode.cptr());
    for (operation, request) in [("null_syscall", nothing), ("null_invocation", refused)] {
        session.alone([operation], Overhead::Instruction, session.effort, |session| {
            Ok([Ecall::around(session.counter, request).1])
        })?;
    }
    Ok(())
}
