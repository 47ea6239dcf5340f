//! Call and `ReplyRecv` between two threads that both use floating-point registers.

use rel4_abi::{MessageInfo, Syscall};

use crate::bench::cast::{Actor, Float, RECEIVER, SENDER};
use crate::bench::pair::{initiator, responder};
use crate::bench::series::Overhead;
use crate::bench::session::{Play, Session};
use crate::bench::window::EcallThenFloat;
use crate::failure::Failure;

/// Measures the group.
pub(super) fn measure(session: &mut Session<'_>) -> Result<(), Failure> {
    let info = MessageInfo::new(0, 0, 0, 0);
    let mut client = initiator::<EcallThenFloat>(Actor::Near, Syscall::Call, SENDER, info);
    let mut server =
        responder::<EcallThenFloat>(Actor::Far, Syscall::Recv, Syscall::ReplyRecv, RECEIVER, info);
    client.float = Float::Enabled;
    server.float = Float::Enabled;
    let operations = &["ipc_call_fpu", "ipc_reply_fpu"];
    session.play(&Play { operations, overhead: Overhead::InstructionThenFloat, roles: &[client, server] })
}
