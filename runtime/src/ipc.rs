//! Messages as the system call stubs see them.

use core::mem::MaybeUninit;

use rel4_abi::MessageInfo;
use rel4_abi::message_info::NUM_MESSAGE_REGISTERS;

/// Message registers on the way into the kernel. Those that a message does not use are left as they are, so that
/// they cost no instruction.
#[derive(Clone, Copy)]
pub struct Registers([MaybeUninit<u64>; NUM_MESSAGE_REGISTERS]);

impl Registers {
    /// The registers of a message that starts with `words`; at most four.
    #[inline(always)]
    #[must_use]
    pub fn new<const WORDS: usize>(words: [u64; WORDS]) -> Self {
        const { assert!(WORDS <= NUM_MESSAGE_REGISTERS, "more words than message registers") };
        let mut registers = [MaybeUninit::uninit(); NUM_MESSAGE_REGISTERS];
        let mut index = 0;
        while index < WORDS {
            registers[index] = MaybeUninit::new(words[index]);
            index += 1;
        }
        Self(registers)
    }

    /// The registers of a message with as many of `words` as there are registers.
    #[inline(always)]
    #[must_use]
    pub fn leading(words: &[u64]) -> Self {
        let mut registers = [0; NUM_MESSAGE_REGISTERS];
        for (register, &word) in registers.iter_mut().zip(words) {
            *register = word;
        }
        Self::new(registers)
    }

    /// The raw registers, for the stubs.
    #[inline(always)]
    #[must_use]
    pub fn raw(self) -> [MaybeUninit<u64>; NUM_MESSAGE_REGISTERS] {
        self.0
    }
}

/// A message that the kernel delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Badge of the capability it was sent through; for notifications the word of collected badges; 0 in an answer.
    pub badge: u64,
    /// The tag. A notification leaves the old tag in place.
    pub info: MessageInfo,
    /// The first four words. Those past the length in the tag mean nothing.
    pub words: [u64; NUM_MESSAGE_REGISTERS],
}

/// The tag of a message of `WORDS` words without capabilities.
#[inline(always)]
#[must_use]
pub const fn tag<const WORDS: usize>(label: u64) -> MessageInfo {
    MessageInfo::new(label, 0, 0, WORDS)
}
