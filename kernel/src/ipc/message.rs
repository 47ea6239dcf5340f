//! A thread's message words: the first four in registers, the others in its IPC buffer.

use rel4_abi::MessageInfo;
use rel4_abi::message_info::{MSG_MAX_EXTRA_CAPS, NUM_MESSAGE_REGISTERS};

use crate::cap::lookup;
use crate::cap::slot::Slot;
use crate::fault::{Fault, Phase};
use crate::obj::Obj;
use crate::object::ipc_buffer::Access;
use crate::object::{BufferRef, Tcb};

/// Capabilities that a message carries: the slots they are in, in order, empty behind the last.
pub type ExtraCaps = [Option<Obj<Slot>>; MSG_MAX_EXTRA_CAPS];

/// No capabilities.
pub const NO_EXTRA_CAPS: ExtraCaps = [None; MSG_MAX_EXTRA_CAPS];

/// Copies message words between registers and between buffers; words that one side has no place for are dropped. Returns how
/// many were copied.
#[inline]
pub fn copy_words(
    sender: Obj<Tcb>,
    from: Option<BufferRef>,
    receiver: Obj<Tcb>,
    to: Option<BufferRef>,
    length: usize,
) -> usize {
    let in_registers = length.min(NUM_MESSAGE_REGISTERS);
    for index in 0..in_registers {
        receiver.context.set_message_register(index, sender.context.message_register(index));
    }
    let (Some(from), Some(to)) = (from, to) else { return in_registers };
    for index in NUM_MESSAGE_REGISTERS..length {
        to.set_message_word(index, from.message_word(index));
    }
    length
}

/// Sets message word `index`, if the thread has a place for it. Returns whether it has.
#[inline]
pub fn set_word(thread: Obj<Tcb>, buffer: Option<BufferRef>, index: usize, value: u64) -> bool {
    if index < NUM_MESSAGE_REGISTERS {
        thread.context.set_message_register(index, value);
        return true;
    }
    match buffer {
        Some(buffer) => {
            buffer.set_message_word(index, value);
            true
        }
        None => false,
    }
}

/// Sets the first words of a message; returns how many the thread has a place for.
pub fn set_words(thread: Obj<Tcb>, words: &[u64]) -> usize {
    let buffer = BufferRef::of_thread(thread, Access::Receive);
    words.iter().enumerate().take_while(|&(index, &word)| set_word(thread, buffer, index, word)).count()
}

/// Looks up the capabilities that a thread's message carries. A thread without a buffer sends none.
#[inline(always)]
pub fn extra_caps(
    thread: Obj<Tcb>,
    buffer: Option<BufferRef>,
    info: MessageInfo,
) -> Result<ExtraCaps, Fault> {
    match (info.extra_caps(), buffer) {
        (0, _) | (_, None) => Ok(NO_EXTRA_CAPS),
        (count, Some(buffer)) => look_up_extra_caps(thread, buffer, count),
    }
}

fn look_up_extra_caps(thread: Obj<Tcb>, buffer: BufferRef, count: usize) -> Result<ExtraCaps, Fault> {
    let mut caps = NO_EXTRA_CAPS;
    for (index, cap) in caps.iter_mut().enumerate().take(count) {
        let cptr = buffer.extra_cap(index);
        let fault = |failure| Fault::Cap { cptr, phase: Phase::Send, failure };
        *cap = Some(lookup::slot_of_thread(thread, cptr).map_err(fault)?);
    }
    Ok(caps)
}
