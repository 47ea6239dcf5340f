//! A kernel that a test scripts: it sees each invocation whole and says what to answer.

#![allow(unsafe_code, reason = "message registers are uninitialised past the length of the message")]

use std::boxed::Box;
use std::cell::RefCell;
use std::vec::Vec;

use rel4_abi::message_info::{MSG_MAX_EXTRA_CAPS, MSG_MAX_LENGTH, NUM_MESSAGE_REGISTERS};
use rel4_abi::{CPtr, Invocation, InvocationError, MessageInfo};

use crate::ipc::{Message, Registers};
use crate::labels;

/// An invocation as the kernel would see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) target: CPtr,
    pub(crate) invocation: Option<Invocation>,
    pub(crate) words: Vec<u64>,
    pub(crate) caps: Vec<CPtr>,
}

/// What the kernel answers: message words, or an error.
pub(crate) type Answer = Result<Vec<u64>, InvocationError>;

type Handler = Box<dyn FnMut(&Seen) -> Answer>;

struct State {
    handler: Option<Handler>,
    buffer: [u64; MSG_MAX_LENGTH],
    caps: [CPtr; MSG_MAX_EXTRA_CAPS],
}

thread_local! {
    static STATE: RefCell<State> = const {
        RefCell::new(State {
            handler: None,
            buffer: [0; MSG_MAX_LENGTH],
            caps: [CPtr::NULL; MSG_MAX_EXTRA_CAPS],
        })
    };
}

/// Puts `handler` behind all invocations of this test.
pub(crate) fn install(handler: impl FnMut(&Seen) -> Answer + 'static) {
    STATE.with_borrow_mut(|state| state.handler = Some(Box::new(handler)));
}

/// Shows the script an invocation, and gives its answer.
pub fn call(target: CPtr, info: MessageInfo, registers: Registers) -> Message {
    STATE.with_borrow_mut(|state| {
        let words = (0..info.length())
            .map(|index| {
                if index < NUM_MESSAGE_REGISTERS {
                    // SAFETY: whoever builds a message initialises the registers that its length covers.
                    unsafe { registers.raw()[index].assume_init() }
                } else {
                    state.buffer[index]
                }
            })
            .collect();
        let seen = Seen {
            target,
            invocation: Invocation::decode(info.label(), labels::selected()),
            words,
            caps: state.caps[..info.extra_caps()].to_vec(),
        };
        let answer = state.handler.as_mut().expect("the test installed no kernel")(&seen);
        let (label, words) = match answer {
            Ok(words) => (0, words),
            Err(error) => {
                let (words, length) = error.words();
                (error.error().label(), words[..length].to_vec())
            }
        };
        let mut registers = [0; NUM_MESSAGE_REGISTERS];
        for (index, &word) in words.iter().enumerate() {
            match registers.get_mut(index) {
                Some(register) => *register = word,
                None => state.buffer[index] = word,
            }
        }
        Message { badge: 0, info: MessageInfo::new(label, 0, 0, words.len()), words: registers }
    })
}

/// Sets message word `index`.
pub fn set_message_word(index: usize, word: u64) {
    STATE.with_borrow_mut(|state| state.buffer[index] = word);
}

/// Message word `index`.
pub fn message_word(index: usize) -> u64 {
    STATE.with_borrow(|state| state.buffer[index])
}

/// Sets the extra capability `index` of the next message.
pub fn set_extra_cap(index: usize, cptr: CPtr) {
    STATE.with_borrow_mut(|state| state.caps[index] = cptr);
}
