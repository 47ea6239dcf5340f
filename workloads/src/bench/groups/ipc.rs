//! Synchronous IPC on one hart: Call and `ReplyRecv` by message length, Send, within an address space and across.

use rel4_abi::message_info::MSG_MAX_LENGTH;
use rel4_abi::{MessageInfo, Syscall};

use crate::bench::cast::{Actor, RECEIVER, SENDER};
use crate::bench::pair::{initiator, responder};
use crate::bench::series::{NONE, Overhead};
use crate::bench::session::{LOW, Play, Session};
use crate::bench::window::Ecall;
use crate::failure::Failure;

/// Measures the group.
pub(super) fn measure(session: &mut Session<'_>) -> Result<(), Failure> {
    for (operations, length, server) in [
        (["ipc_call", "ipc_reply"], 0, Actor::Far),
        (["ipc_call_len1", "ipc_reply_len1"], 1, Actor::Far),
        (["ipc_call_len4", "ipc_reply_len4"], 4, Actor::Far),
        (["ipc_call_len10", "ipc_reply_len10"], 10, Actor::Far),
        (["ipc_call_len120", "ipc_reply_len120"], MSG_MAX_LENGTH, Actor::Far),
        (["ipc_call_intra", "ipc_reply_intra"], 0, Actor::Beside),
        (["ipc_call_len10_intra", "ipc_reply_len10_intra"], 10, Actor::Beside),
    ] {
        let info = MessageInfo::new(0, 0, 0, length);
        let client = initiator::<Ecall>(Actor::Near, Syscall::Call, SENDER, info);
        let server = responder::<Ecall>(server, Syscall::Recv, Syscall::ReplyRecv, RECEIVER, info);
        session.play(&Play { operations: &operations, overhead: Overhead::Instruction, roles: &[client, server] })?;
    }
    for (operation, receiver) in [("ipc_send", Actor::Far), ("ipc_send_intra", Actor::Beside)] {
        let info = MessageInfo::new(0, 0, 0, 0);
        let mut sender = initiator::<Ecall>(Actor::Near, Syscall::Send, SENDER, info);
        sender.priority = LOW;
        let receiver = responder::<Ecall>(receiver, Syscall::Recv, Syscall::Recv, RECEIVER, info);
        let operations = &[operation, NONE];
        session.play(&Play { operations, overhead: Overhead::Instruction, roles: &[sender, receiver] })?;
    }
    Ok(())
}
