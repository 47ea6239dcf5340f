//! Faults in a kernel without endpoints: a record in the handler's memory, and a signal. Not part of seL4.
//!
//! A handler registers a notification and a record for a thread. When the thread faults, the kernel fills the record in, signals the
//! notification, and the thread waits until it is answered, resumed or suspended. The words are those of the message that a fault handler of
//! seL4 receives ([`FaultMessage`]).

use core::mem::{offset_of, size_of};

use crate::MessageInfo;
use crate::fault::{FaultMessage, MAX_WORDS};

/// What happened to a thread. Kernel to user: the kernel writes it and never reads it back.
///
/// The kernel sets [`sequence`](Self::sequence) last. A thread that waits for its answer faults no more, so once the number has changed
/// the other words stay until the handler answers. Whoever shares the memory can change them at any time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, align(128))]
pub struct FaultRecord {
    /// Counts the faults since the handler was registered; 0 in new memory.
    pub sequence: u64,
    /// The word that the handler gave for the thread.
    pub thread: u64,
    /// Badge of the notification capability that was registered.
    pub badge: u64,
    /// Label and length of the message, as in its tag.
    pub info: MessageInfo,
    /// The message.
    pub words: [u64; MAX_WORDS],
    /// Zero.
    pub reserved: u64,
}

/// Size of a record, which records are aligned to: 128 bytes.
pub const RECORD_BYTES: u64 = 128;

const _: () = assert!(size_of::<FaultRecord>() as u64 == RECORD_BYTES);
const _: () = assert!(offset_of!(FaultRecord, sequence) == 0);
const _: () = assert!(offset_of!(FaultRecord, thread) == 8);
const _: () = assert!(offset_of!(FaultRecord, badge) == 16);
const _: () = assert!(offset_of!(FaultRecord, info) == 24);
const _: () = assert!(offset_of!(FaultRecord, words) == 32);
const _: () = assert!(offset_of!(FaultRecord, reserved) == 120);

impl FaultRecord {
    /// Words of a record.
    pub const WORDS: usize = RECORD_BYTES as usize / size_of::<u64>();

    /// The record of `fault`.
    #[must_use]
    pub const fn new(sequence: u64, thread: u64, badge: u64, fault: FaultMessage) -> Self {
        let (words, length) = fault.words();
        let info = MessageInfo::new(fault.label() as u64, 0, 0, length);
        Self { sequence, thread, badge, info, words, reserved: 0 }
    }

    /// The record in memory order.
    #[must_use]
    pub const fn to_words(&self) -> [u64; Self::WORDS] {
        let Self { sequence, thread, badge, info, words, reserved } = *self;
        let [w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10] = words;
        [sequence, thread, badge, info.0, w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, reserved]
    }

    /// The record that is made of these words, whoever wrote them.
    #[must_use]
    pub const fn from_words(words: [u64; Self::WORDS]) -> Self {
        let [sequence, thread, badge, info, w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, reserved] = words;
        let words = [w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10];
        Self { sequence, thread, badge, info: MessageInfo(info), words, reserved }
    }

    /// The fault that it tells of, if it makes sense.
    #[must_use]
    pub const fn fault(&self) -> Option<FaultMessage> {
        FaultMessage::decode(self.info.label(), self.words)
    }
}

/// Operations on threads and their faults. Their labels are the same in both label tables and beyond every label of seL4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum FaultInvocation {
    /// On a thread: register who is told of its faults, instead of whoever was. Capability 0: a notification, with the Write right;
    /// capability 1: a frame of RAM that may be written. Word 0: number of the record in the frame; word 1: what the record's
    /// [`thread`](FaultRecord::thread) is to be. The kernel keeps copies of both capabilities; revoking either original ends the registration.
    SetHandler = 0x1020,
    /// On a thread: nobody is told of its faults any more.
    ClearHandler = 0x1021,
    /// On a thread that waits because of a fault. Word 0: 0 lets it go on, anything else leaves it stopped. The words behind it are those of a
    /// handler's answer in seL4: the new values of the registers that the fault's message begins with, where it allows any.
    Answer = 0x1022,
}

impl FaultInvocation {
    /// The operation that `label` means, if any.
    #[must_use]
    pub const fn decode(label: u64) -> Option<Self> {
        Some(match label {
            0x1020 => Self::SetHandler,
            0x1021 => Self::ClearHandler,
            0x1022 => Self::Answer,
            _ => return None,
        })
    }

    /// The label of the operation.
    #[must_use]
    pub const fn label(self) -> u64 {
        self as u64
    }
}

/// Feature bit in the boot information chunk [`crate::bootinfo::CHUNK_REL4`]: the kernel has no endpoints and reply capabilities, and faults
/// become records.
pub const FEATURE_FAULT_RECORDS: u64 = 1 << 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Invocation, LabelSet, UintrInvocation};

    #[test]
    fn labels_decode_to_themselves_and_mean_nothing_else() {
        for label in 0x101f..0x1030 {
            assert_eq!(
                FaultInvocation::decode(label).map(FaultInvocation::label),
                (0x1020..0x1023).contains(&label).then_some(label)
            );
            assert_eq!(Invocation::decode(label, LabelSet::SingleCore), None);
            assert_eq!(Invocation::decode(label, LabelSet::Smp), None);
            assert_eq!(UintrInvocation::decode(label), None);
        }
    }

    #[test]
    fn a_record_survives_memory_and_holds_the_message() {
        let fault = FaultMessage::UnknownSyscall {
            pc: 1,
            sp: 2,
            ra: 3,
            arguments: [4, 5, 6, 7, 8, 9, 10],
            number: 11,
        };
        let record = FaultRecord::new(21, 22, 23, fault);
        assert_eq!(FaultRecord::from_words(record.to_words()), record);
        assert_eq!((record.fault(), record.info.length()), (Some(fault), 11));
        assert_eq!(record.to_words()[..5], [21, 22, 23, record.info.0, 1]);
    }

    #[test]
    fn new_memory_holds_no_fault() {
        assert_eq!(FaultRecord::from_words([0; FaultRecord::WORDS]), FaultRecord::default());
        assert_eq!(FaultRecord::default().fault(), None);
    }
}
