//! Messages of any length, at both ends.

use rel4_abi::message_info::NUM_MESSAGE_REGISTERS;
use rel4_abi::{FaultMessage, LookupFailure, MessageInfo, fault};
use rel4_runtime::arch;
use rel4_runtime::ipc::{Message, Registers};

/// Puts a message of `length` words, at most 120, where a system call takes it from; `word` is asked for each word in
/// order.
pub fn prepare(label: u64, length: usize, mut word: impl FnMut(usize) -> u64) -> (MessageInfo, Registers) {
    let mut registers = [0; NUM_MESSAGE_REGISTERS];
    for index in 0..length {
        let word = word(index);
        match registers.get_mut(index) {
            Some(register) => *register = word,
            None => arch::set_message_word(index, word),
        }
    }
    (MessageInfo::new(label, 0, 0, length), Registers::new(registers))
}

/// Word `index` of `message`, which is the last one that the thread received.
#[must_use]
pub fn word(message: &Message, index: usize) -> u64 {
    message.words.get(index).copied().unwrap_or_else(|| arch::message_word(index))
}

/// The fault that `message`, which is the last one that the thread received, tells of. It has exactly the words of one.
#[must_use]
pub fn fault(message: &Message) -> Option<FaultMessage> {
    let length = message.info.length();
    let mut words = [0; fault::MAX_WORDS];
    for (index, place) in words.iter_mut().enumerate().take(length) {
        *place = word(message, index);
    }
    FaultMessage::decode(message.info.label(), words).filter(|fault| fault.words().1 == length)
}

/// The capability fault that a message is about: the address, whether it was to be received from (1), and why that leads nowhere.
#[must_use]
pub fn cap_fault(message: &Message) -> Option<(u64, u64, LookupFailure)> {
    match fault(message) {
        Some(FaultMessage::CapFault { cptr, in_receive_phase, failure, .. }) => {
            Some((cptr, in_receive_phase, failure))
        }
        _ => None,
    }
}
