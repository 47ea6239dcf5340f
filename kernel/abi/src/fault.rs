//! Fault messages: what a fault handler receives, and how its answer is read.

use crate::lookup_failure::{self, LookupFailure};

/// Label of a fault message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum FaultLabel {
    /// A capability could not be looked up.
    CapFault = 1,
    /// The number in `a7` is no system call.
    UnknownSyscall = 2,
    /// An exception that is not a memory fault.
    UserException = 3,
    /// A memory fault.
    VmFault = 5,
}

/// Words of a capability fault before its lookup failure.
pub const CAP_FAULT_FIXED_WORDS: usize = 3;
/// Words of an unknown-syscall fault.
pub const UNKNOWN_SYSCALL_WORDS: usize = 11;
/// Leading words of an answer to an unknown-syscall fault that overwrite `pc`, `sp`, `ra`, `a0` to `a6`.
pub const UNKNOWN_SYSCALL_REPLY_WORDS: usize = 10;
/// Words of a user-exception fault.
pub const USER_EXCEPTION_WORDS: usize = 4;
/// Leading words of an answer to a user exception that overwrite `pc` and `sp`.
pub const USER_EXCEPTION_REPLY_WORDS: usize = 2;
/// Words of a memory fault.
pub const VM_FAULT_WORDS: usize = 4;
/// Words of the longest fault message.
pub const MAX_WORDS: usize = UNKNOWN_SYSCALL_WORDS;

/// Fault status of a memory fault: the access-fault cause of the kind of access, whatever the exact exception was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum FaultStatus {
    /// Instruction fetch.
    Instruction = 1,
    /// Load.
    Load = 5,
    /// Store or atomic.
    Store = 7,
}

/// A fault with everything its message holds. `pc` is the address of the faulting instruction, which for a system
/// call is its `ecall`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultMessage {
    /// A capability could not be looked up.
    CapFault {
        /// Address of the `ecall`.
        pc: u64,
        /// The capability address.
        cptr: u64,
        /// 1 if the lookup was for receiving, 0 for sending.
        in_receive_phase: u64,
        /// What went wrong.
        failure: LookupFailure,
    },
    /// The number in `a7` is no system call.
    UnknownSyscall {
        /// Address of the `ecall`.
        pc: u64,
        /// Stack pointer.
        sp: u64,
        /// Return address.
        ra: u64,
        /// `a0` to `a6`.
        arguments: [u64; 7],
        /// `a7`.
        number: u64,
    },
    /// An exception that is not a memory fault.
    UserException {
        /// Address of the instruction.
        pc: u64,
        /// Stack pointer.
        sp: u64,
        /// The cause (`scause`).
        number: u64,
        /// Always 0 on this architecture.
        code: u64,
    },
    /// A memory fault.
    VmFault {
        /// Address of the instruction.
        pc: u64,
        /// The address that was accessed.
        address: u64,
        /// 1 for an instruction fetch, else 0.
        prefetch: u64,
        /// Kind of access, a [`FaultStatus`].
        status: u64,
    },
}

impl FaultMessage {
    /// The label of the message.
    #[must_use]
    pub const fn label(self) -> FaultLabel {
        match self {
            Self::CapFault { .. } => FaultLabel::CapFault,
            Self::UnknownSyscall { .. } => FaultLabel::UnknownSyscall,
            Self::UserException { .. } => FaultLabel::UserException,
            Self::VmFault { .. } => FaultLabel::VmFault,
        }
    }

    /// The words of the message, and how many of them count.
    #[must_use]
    pub const fn words(self) -> ([u64; MAX_WORDS], usize) {
        match self {
            Self::CapFault { pc, cptr, in_receive_phase, failure } => {
                let ([code, first, second, third], length) = failure.words();
                (
                    [pc, cptr, in_receive_phase, code, first, second, third, 0, 0, 0, 0],
                    CAP_FAULT_FIXED_WORDS + length,
                )
            }
            Self::UnknownSyscall { pc, sp, ra, arguments: [a0, a1, a2, a3, a4, a5, a6], number } => {
                ([pc, sp, ra, a0, a1, a2, a3, a4, a5, a6, number], UNKNOWN_SYSCALL_WORDS)
            }
            Self::UserException { pc, sp, number, code } => {
                ([pc, sp, number, code, 0, 0, 0, 0, 0, 0, 0], USER_EXCEPTION_WORDS)
            }
            Self::VmFault { pc, address, prefetch, status } => {
                ([pc, address, prefetch, status, 0, 0, 0, 0, 0, 0, 0], VM_FAULT_WORDS)
            }
        }
    }

    /// Reads a message back. `None` if `label` is no fault or the words do not make sense with it.
    #[must_use]
    pub const fn decode(label: u64, words: [u64; MAX_WORDS]) -> Option<Self> {
        let [w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10] = words;
        Some(match label {
            1 => {
                let failure_words: [u64; lookup_failure::MAX_WORDS] = [w3, w4, w5, w6];
                let Some(failure) = LookupFailure::decode(failure_words) else { return None };
                Self::CapFault { pc: w0, cptr: w1, in_receive_phase: w2, failure }
            }
            2 => Self::UnknownSyscall {
                pc: w0,
                sp: w1,
                ra: w2,
                arguments: [w3, w4, w5, w6, w7, w8, w9],
                number: w10,
            },
            3 => Self::UserException { pc: w0, sp: w1, number: w2, code: w3 },
            5 => Self::VmFault { pc: w0, address: w1, prefetch: w2, status: w3 },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_decodes_from_its_label_and_words() {
        let failure = LookupFailure::GuardMismatch { bits_left: 64, guard_found: 3, bits_found: 51 };
        let cases = [
            (FaultMessage::CapFault { pc: 1, cptr: 2, in_receive_phase: 1, failure }, 7),
            (
                FaultMessage::UnknownSyscall {
                    pc: 1,
                    sp: 2,
                    ra: 3,
                    arguments: [4, 5, 6, 7, 8, 9, 10],
                    number: u64::MAX,
                },
                11,
            ),
            (FaultMessage::UserException { pc: 1, sp: 2, number: 3, code: 0 }, 4),
            (FaultMessage::VmFault { pc: 1, address: 2, prefetch: 0, status: FaultStatus::Store as u64 }, 4),
        ];
        for (fault, expected_length) in cases {
            let (words, length) = fault.words();
            assert_eq!(length, expected_length, "{fault:?}");
            assert_eq!(FaultMessage::decode(fault.label() as u64, words), Some(fault));
        }
    }

    #[test]
    fn a_capability_fault_is_4_to_7_words_long() {
        let length =
            |failure| FaultMessage::CapFault { pc: 0, cptr: 0, in_receive_phase: 0, failure }.words().1;
        assert_eq!(length(LookupFailure::InvalidRoot), 4);
        assert_eq!(length(LookupFailure::MissingCapability { bits_left: 0 }), 5);
        assert_eq!(length(LookupFailure::DepthMismatch { bits_left: 0, bits_found: 0 }), 6);
        assert_eq!(length(LookupFailure::GuardMismatch { bits_left: 0, guard_found: 0, bits_found: 0 }), 7);
    }

    #[test]
    fn labels_that_are_no_fault_decode_to_nothing() {
        for label in [0, 4, 6, u64::MAX] {
            assert_eq!(FaultMessage::decode(label, [0; MAX_WORDS]), None);
        }
    }
}
