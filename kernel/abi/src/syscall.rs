//! System call numbers, passed as a signed 64-bit word in `a7`.

/// A system call every build of the kernel answers.
///
/// `Wait` is [`Syscall::Recv`] on a notification, `Poll` is [`Syscall::NBRecv`] on one, and `Signal` is
/// [`Syscall::Send`] with an empty message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum Syscall {
    /// Send a message and wait for the answer.
    Call = -1,
    /// Answer the last caller, then receive.
    ReplyRecv = -2,
    /// Send, blocking until a receiver is there.
    Send = -3,
    /// Send if a receiver is waiting, else drop the message.
    NBSend = -4,
    /// Receive, blocking until a sender is there.
    Recv = -5,
    /// Answer the last caller.
    Reply = -6,
    /// Give up the processor to threads of the same priority.
    Yield = -7,
    /// Receive if a sender is waiting; badge 0 says that there was none.
    NBRecv = -8,
}

impl Syscall {
    /// The system call of number `number`, compared over all 64 bits.
    #[must_use]
    pub const fn decode(number: i64) -> Option<Self> {
        Some(match number {
            -1 => Self::Call,
            -2 => Self::ReplyRecv,
            -3 => Self::Send,
            -4 => Self::NBSend,
            -5 => Self::Recv,
            -6 => Self::Reply,
            -7 => Self::Yield,
            -8 => Self::NBRecv,
            _ => return None,
        })
    }

    /// The number that goes into `a7`.
    #[must_use]
    pub const fn number(self) -> i64 {
        self as i64
    }
}

/// A system call only debug builds of the kernel answer; elsewhere it is an unknown system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum DebugSyscall {
    /// Write one byte to the kernel's console.
    PutChar = -9,
    /// Print all threads.
    DumpScheduler = -10,
    /// Stop the machine.
    Halt = -11,
    /// Tell the internal type number of a capability.
    CapIdentify = -12,
    /// Print the system as capDL text.
    Snapshot = -13,
    /// Name a thread, for diagnostics.
    NameThread = -14,
    /// Raise an inter-processor interrupt (SMP).
    SendIpi = -15,
    /// Tell the core a thread runs on (SMP).
    GetThreadAffinity = -16,
}

impl DebugSyscall {
    /// The debug system call of number `number`.
    #[must_use]
    pub const fn decode(number: i64) -> Option<Self> {
        Some(match number {
            -9 => Self::PutChar,
            -10 => Self::DumpScheduler,
            -11 => Self::Halt,
            -12 => Self::CapIdentify,
            -13 => Self::Snapshot,
            -14 => Self::NameThread,
            -15 => Self::SendIpi,
            -16 => Self::GetThreadAffinity,
            _ => return None,
        })
    }

    /// The number that goes into `a7`.
    #[must_use]
    pub const fn number(self) -> i64 {
        self as i64
    }
}

/// A system call only kernels with the feature `benchmark` answer; elsewhere it is an unknown system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum BenchmarkSyscall {
    /// Flush the caches.
    FlushCaches = -18,
    /// Begin to measure.
    ResetLog = -19,
    /// Stop measuring, and tell how many kernel entries were logged.
    FinalizeLog = -20,
    /// Log kernel entries in a frame.
    SetLogBuffer = -21,
    /// Do nothing.
    NullSyscall = -22,
    /// Tell what a thread has used.
    GetThreadUtilisation = -23,
    /// Forget what a thread has used.
    ResetThreadUtilisation = -24,
    /// Print what all threads have used (debug builds).
    DumpAllThreadsUtilisation = -25,
    /// Forget what all threads have used (debug builds).
    ResetAllThreadsUtilisation = -26,
}

impl BenchmarkSyscall {
    /// The benchmark system call of number `number`.
    #[must_use]
    pub const fn decode(number: i64) -> Option<Self> {
        Some(match number {
            -18 => Self::FlushCaches,
            -19 => Self::ResetLog,
            -20 => Self::FinalizeLog,
            -21 => Self::SetLogBuffer,
            -22 => Self::NullSyscall,
            -23 => Self::GetThreadUtilisation,
            -24 => Self::ResetThreadUtilisation,
            -25 => Self::DumpAllThreadsUtilisation,
            -26 => Self::ResetAllThreadsUtilisation,
            _ => return None,
        })
    }

    /// The number that goes into `a7`.
    #[must_use]
    pub const fn number(self) -> i64 {
        self as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_decodes_to_itself_and_no_other_does() {
        for number in -40..40 {
            let decoded = Syscall::decode(number)
                .map(Syscall::number)
                .or(DebugSyscall::decode(number).map(DebugSyscall::number))
                .or(BenchmarkSyscall::decode(number).map(BenchmarkSyscall::number));
            // -17 runs code of the caller's in the kernel, in upstream's kernels that are built for it.
            let exists = (-26..=-1).contains(&number) && number != -17;
            assert_eq!(decoded, exists.then_some(number));
        }
        assert_eq!(Syscall::decode(0x0000_0000_ffff_ffff), None);
    }
}
