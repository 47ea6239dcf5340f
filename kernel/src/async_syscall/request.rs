//! [`Request`]: the private copy of one request, and its answer.

use core::cell::Cell;

use rel4_abi::MessageInfo;
use rel4_abi::async_syscall::{MAX_MESSAGE_WORDS, MAX_REQUEST_WORDS};
use rel4_abi::message_info::MSG_MAX_EXTRA_CAPS;
use rel4_abi::ring::{ITEM_WORDS, PAYLOAD_WORDS};

use super::memory::{Item, RingRef};

/// Words of an answer at most: a completion is one item.
pub const MAX_ANSWER_WORDS: usize = PAYLOAD_WORDS;
const _: () = assert!(rel4_abi::invocation_error::MAX_WORDS <= MAX_ANSWER_WORDS);

const TASK: usize = 0;
const TAG: usize = 1;
const FIRST: usize = 2;

/// A request, copied once out of the ring: user space cannot change it any more. There is one for all requests of a batch.
pub struct Request {
    task: u64,
    info: MessageInfo,
    /// The address of the capability, those of the extra capabilities, the message.
    words: [u64; MAX_REQUEST_WORDS],
    /// Items that it took.
    pub items: u64,
    answer: [Cell<u64>; MAX_ANSWER_WORDS],
}

impl Request {
    /// Room for a request.
    pub const fn empty() -> Self {
        Self {
            task: 0,
            info: MessageInfo(0),
            words: [0; MAX_REQUEST_WORDS],
            items: 0,
            answer: [const { Cell::new(0) }; MAX_ANSWER_WORDS],
        }
    }

    /// Copies the request whose first item is number `consumed`, if all of it is among the `waiting` items. One that claims more words than a
    /// request can have has as many as it can. Of a request that is one item the words behind it are those of another, and not looked at.
    #[inline(always)]
    pub fn load(&mut self, ring: &RingRef, consumed: u64, waiting: u64) -> bool {
        if waiting == 0 {
            return false;
        }
        let first: Item = ring.load(consumed);
        self.task = first[TASK];
        self.info = MessageInfo(first[TAG]);
        self.words[..PAYLOAD_WORDS].copy_from_slice(&first[FIRST..]);
        self.items = 1;
        if 1 + self.info.extra_caps() + self.info.raw_length() > PAYLOAD_WORDS {
            if waiting < 2 {
                return false;
            }
            self.words[PAYLOAD_WORDS..].copy_from_slice(&ring.load(consumed.wrapping_add(1)));
            self.items = 2;
        }
        true
    }

    /// Address of the capability invoked.
    #[inline(always)]
    pub fn cptr(&self) -> u64 {
        self.words[0]
    }

    /// Label of the message.
    #[inline(always)]
    pub fn label(&self) -> u64 {
        self.info.label()
    }

    /// Addresses of the extra capabilities.
    #[inline(always)]
    pub fn extra_caps(&self) -> &[u64] {
        &self.words[1..=self.info.extra_caps()]
    }

    /// Message words, as many as a request can have.
    #[inline(always)]
    pub fn length(&self) -> usize {
        self.info.raw_length().min(MAX_MESSAGE_WORDS - self.info.extra_caps())
    }

    /// Message word `index`, which is below the length.
    #[inline(always)]
    pub fn argument(&self, index: usize) -> u64 {
        self.words[(1 + self.info.extra_caps() + index) % MAX_REQUEST_WORDS]
    }

    /// Sets the words of the answer; returns how many there is room for.
    pub fn set_answer(&self, words: &[u64]) -> usize {
        for (place, &word) in self.answer.iter().zip(words) {
            place.set(word);
        }
        words.len().min(MAX_ANSWER_WORDS)
    }

    /// What comes back with the completion.
    #[inline(always)]
    pub fn task(&self) -> u64 {
        self.task
    }

    /// The words of the answer; those behind its length are of earlier ones.
    #[inline(always)]
    pub fn answer(&self) -> &[Cell<u64>; MAX_ANSWER_WORDS] {
        &self.answer
    }
}

const _: () = assert!(MSG_MAX_EXTRA_CAPS < PAYLOAD_WORDS && FIRST + PAYLOAD_WORDS == ITEM_WORDS);
