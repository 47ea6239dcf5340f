//! A message moves from a sender to a receiver: words, badge, capabilities, or the fault that stopped the sender.

use rel4_abi::{LookupSide, MessageInfo};

use super::message::{self, ExtraCaps, NO_EXTRA_CAPS};
use crate::cap::slot::Slot;
use crate::cap::{Cap, derivation, derive, lookup};
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::endpoint::Sender;
use crate::object::ipc_buffer::Access;
use crate::object::{BufferRef, Endpoint, Tcb};

/// Moves the sender's message, or its pending fault, to the receiver. `endpoint` is where they met; a reply has none.
///
/// Most messages fit registers. What others take is in functions of its own, so that these do not pay for it.
#[inline]
pub fn transfer(_k: &Kernel, sender: &Sender, endpoint: Option<Obj<Endpoint>>, receiver: Obj<Tcb>) {
    if let Some(fault) = sender.thread.fault.get() {
        return of_fault(sender, fault, receiver);
    }
    let info = sender.thread.context.message_info();
    match info.register_words() {
        Some(length) => {
            message::copy_words(sender.thread, None, receiver, None, length);
            receiver.context.set_badge(sender.badge);
            receiver.context.set_message_info(info);
        }
        None => through_buffers(sender, info, endpoint, receiver),
    }
}

#[cold]
#[inline(never)]
fn of_fault(sender: &Sender, fault: Fault, receiver: Obj<Tcb>) {
    let message = fault.message(sender.thread);
    let (words, length) = message.words();
    let length = message::set_words(receiver, &words[..length]);
    receiver.context.set_badge(sender.badge);
    receiver.context.set_message_info(MessageInfo::new(message.label() as u64, 0, 0, length));
}

/// A message of which some is in IPC buffers.
#[inline(never)]
fn through_buffers(sender: &Sender, info: MessageInfo, endpoint: Option<Obj<Endpoint>>, receiver: Obj<Tcb>) {
    let length = info.length();
    let send_buffer = BufferRef::of_thread(sender.thread, Access::Send);
    let receive_buffer = BufferRef::of_thread(receiver, Access::Receive);

    // The capabilities were looked up when the send began; that they have gone since only means that none are sent.
    let caps = if sender.can_grant && info.extra_caps() > 0 {
        message::extra_caps(sender.thread, send_buffer, info).unwrap_or(NO_EXTRA_CAPS)
    } else {
        NO_EXTRA_CAPS
    };
    let length = message::copy_words(sender.thread, send_buffer, receiver, receive_buffer, length);
    let (extra_caps, unwrapped) = match receive_buffer {
        Some(buffer) if caps[0].is_some() => transfer_caps(&caps, endpoint, receiver, buffer),
        _ => (0, 0),
    };
    receiver.context.set_badge(sender.badge);
    receiver.context.set_message_info(MessageInfo::new(info.label(), unwrapped, extra_caps, length));
}

/// Hands over capabilities: those to the endpoint itself arrive as their badge, at most one other is moved. Returns how many
/// were handled and which of them were unwrapped.
fn transfer_caps(
    caps: &ExtraCaps,
    endpoint: Option<Obj<Endpoint>>,
    receiver: Obj<Tcb>,
    buffer: BufferRef,
) -> (usize, u64) {
    let mut destination = receive_slot(receiver, buffer);
    let mut unwrapped = 0;
    for (index, slot) in caps.iter().enumerate() {
        let Some(slot) = *slot else { return (index, unwrapped) };
        match slot.cap() {
            Cap::Endpoint(cap) if endpoint == Some(cap.endpoint) => {
                buffer.set_badge(index, cap.badge);
                unwrapped |= 1 << index;
            }
            cap => {
                let Some(free) = destination.take() else { return (index, unwrapped) };
                match derive::derive(slot, cap) {
                    Ok(derived) if derived != Cap::Null => derivation::insert(derived, slot, free),
                    _ => return (index, unwrapped),
                }
            }
        }
    }
    (caps.len(), unwrapped)
}

/// The empty slot that the receiver named for a capability; any problem means that it has none.
fn receive_slot(receiver: Obj<Tcb>, buffer: BufferRef) -> Option<Obj<Slot>> {
    let (root, index, depth) = buffer.receive_slot();
    let root = lookup::slot_of_thread(receiver, root).ok()?;
    let slot = lookup::slot_at_depth(root.cap(), index, depth, LookupSide::Target).ok()?;
    slot.is_empty().then_some(slot)
}
