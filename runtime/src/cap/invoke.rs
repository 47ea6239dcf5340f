//! The one way every invocation of a kernel object takes.

use rel4_abi::message_info::{MSG_MAX_EXTRA_CAPS, MSG_MAX_LENGTH, NUM_MESSAGE_REGISTERS};
use rel4_abi::{CPtr, Invocation, InvocationError, MessageInfo, error, invocation_error};

use crate::arch;
use crate::error::Error;
use crate::ipc::{Message, Registers};
use crate::labels;

/// Invokes `target` with `caps` and `words`, and gives the answer.
///
/// The typed capabilities are what programs use; this is for those that send what no typed capability would, such as
/// too few words.
///
/// # Errors
///
/// The kernel's.
#[inline(always)]
pub fn invoke(target: CPtr, invocation: Invocation, caps: &[CPtr], words: &[u64]) -> Result<Message, Error> {
    debug_assert!(caps.len() <= MSG_MAX_EXTRA_CAPS && words.len() <= MSG_MAX_LENGTH);
    // A kernel without the invocation could only refuse it.
    let label =
        invocation.encode(labels::selected()).ok_or(Error::Refused(InvocationError::IllegalOperation))?;
    invoke_label(target, label, caps, words)
}

/// The same for an operation that has one label in all label tables.
#[inline(always)]
pub(crate) fn invoke_label(target: CPtr, label: u64, caps: &[CPtr], words: &[u64]) -> Result<Message, Error> {
    for (index, &cap) in caps.iter().enumerate() {
        arch::set_extra_cap(index, cap);
    }
    for (index, &word) in words.iter().enumerate().skip(NUM_MESSAGE_REGISTERS) {
        arch::set_message_word(index, word);
    }
    let info = MessageInfo::new(label, 0, caps.len(), words.len());
    let answer = arch::call(target, info, Registers::leading(words));
    if answer.info.label() == error::NO_ERROR { Ok(answer) } else { Err(failure(&answer)) }
}

#[cold]
fn failure(answer: &Message) -> Error {
    let mut words = [0; invocation_error::MAX_WORDS];
    words[..NUM_MESSAGE_REGISTERS].copy_from_slice(&answer.words);
    for (index, word) in words.iter_mut().enumerate().take(answer.info.length()).skip(NUM_MESSAGE_REGISTERS) {
        *word = arch::message_word(index);
    }
    let label = answer.info.label();
    InvocationError::decode(label, words).map_or(Error::UnknownAnswer { label }, Error::Refused)
}
