//! What the benchmark system calls exchange: the log of kernel entries, and counters of whose time it was.
//!
//! Times are in cycles, as the counter `cycle` tells them to the hart that was in the kernel.

use crate::object::MEGA_PAGE_BITS;

/// Size of the frame that takes the log, as a power of two in bytes.
pub const LOG_BUFFER_BITS: u32 = MEGA_PAGE_BITS;
/// Kernel entries that the log has room for. Later ones are not logged.
pub const LOG_ENTRIES: u64 = (1 << LOG_BUFFER_BITS) / size_of::<LogEntry>() as u64;

/// One kernel entry in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct LogEntry {
    /// When the kernel was entered.
    pub start: u64,
    /// Cycles until it was left; as many as fit.
    pub duration: u32,
    /// What for.
    pub entry: KernelEntry,
}

const _: () = assert!(size_of::<LogEntry>() == 16);

/// Why the kernel was entered: bits 0 to 2 are the path, and what the rest means depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct KernelEntry(pub u32);

/// The path on which the kernel was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum EntryPath {
    /// An interrupt.
    Interrupt = 0,
    /// A system call with a number that is none of the API's, those of debugging and benchmarking among them.
    UnknownSyscall = 1,
    /// An exception that is not about memory.
    UserException = 2,
    /// A memory fault.
    VmFault = 4,
    /// A system call of the API.
    Syscall = 5,
}

const PATH_BITS: u32 = 3;
// Paths that are no system call: the core, and a word.
const CORE: Field = Field { shift: PATH_BITS, bits: 3 };
const WORD: Field = Field { shift: 6, bits: 26 };
// System calls.
const NUMBER: Field = Field { shift: PATH_BITS, bits: 4 };
const CAP_TYPE: Field = Field { shift: 7, bits: 5 };
const FASTPATH: Field = Field { shift: 12, bits: 1 };
const LABEL: Field = Field { shift: 13, bits: 19 };

/// Bits of a [`KernelEntry`].
#[derive(Clone, Copy)]
struct Field {
    shift: u32,
    bits: u32,
}

impl Field {
    const fn mask(self) -> u64 {
        (1 << self.bits) - 1
    }

    /// `value`, cut to what fits, in its place.
    const fn of(self, value: u64) -> u32 {
        ((value & self.mask()) as u32) << self.shift
    }

    const fn from(self, word: u32) -> u32 {
        (word >> self.shift) & self.mask() as u32
    }
}

impl KernelEntry {
    /// An entry on a path other than [`EntryPath::Syscall`]. Of `word`, the system call number or the exception's, 26 bits are kept.
    #[must_use]
    pub const fn new(path: EntryPath, core: usize, word: u64) -> Self {
        Self(path as u32 | CORE.of(core as u64) | WORD.of(word))
    }

    /// A system call: its number, the type number of the capability that it names, and the label of its message, of which 19 bits are
    /// kept.
    #[must_use]
    pub const fn syscall(number: i64, cap_type: u64, label: u64) -> Self {
        let number = NUMBER.of(number.unsigned_abs());
        Self(EntryPath::Syscall as u32 | number | CAP_TYPE.of(cap_type) | LABEL.of(label))
    }

    /// The same system call, carried out on the fastpath.
    #[must_use]
    pub const fn on_fastpath(self) -> Self {
        Self(self.0 | FASTPATH.of(1))
    }

    /// The path.
    #[must_use]
    pub const fn path(self) -> Option<EntryPath> {
        Some(match self.0 & ((1 << PATH_BITS) - 1) {
            0 => EntryPath::Interrupt,
            1 => EntryPath::UnknownSyscall,
            2 => EntryPath::UserException,
            4 => EntryPath::VmFault,
            5 => EntryPath::Syscall,
            _ => return None,
        })
    }

    /// Not of system calls: the logical number of the hart.
    #[must_use]
    pub const fn core(self) -> u32 {
        CORE.from(self.0)
    }

    /// Not of system calls: the word.
    #[must_use]
    pub const fn word(self) -> u32 {
        WORD.from(self.0)
    }

    /// Of a system call: its number.
    #[must_use]
    pub const fn syscall_number(self) -> i64 {
        -(NUMBER.from(self.0) as i64)
    }

    /// Of a system call: the type number of the capability that it names.
    #[must_use]
    pub const fn cap_type(self) -> u32 {
        CAP_TYPE.from(self.0)
    }

    /// Of a system call: whether the fastpath carried it out.
    #[must_use]
    pub const fn is_on_fastpath(self) -> bool {
        FASTPATH.from(self.0) != 0
    }

    /// Of a system call: the label of its message.
    #[must_use]
    pub const fn label(self) -> u32 {
        LABEL.from(self.0)
    }
}

/// The message words, all of them in the IPC buffer, in which [`GetThreadUtilisation`] answers.
///
/// Times and numbers of this hart are since its last [`ResetLog`]; a time ends with [`FinalizeLog`].
///
/// [`GetThreadUtilisation`]: crate::syscall::BenchmarkSyscall::GetThreadUtilisation
/// [`ResetLog`]: crate::syscall::BenchmarkSyscall::ResetLog
/// [`FinalizeLog`]: crate::syscall::BenchmarkSyscall::FinalizeLog
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum UtilisationWord {
    /// Cycles for which the thread was the one scheduled.
    ThreadCycles = 0,
    /// How often it was scheduled.
    ThreadSchedules = 1,
    /// Cycles of kernel entries that ended with it.
    ThreadKernelCycles = 2,
    /// Number of these.
    ThreadKernelEntries = 3,
    /// Cycles for which nothing was scheduled on this hart.
    IdleCycles = 4,
    /// The same on the hart of the thread.
    IdleCyclesOfThreadsHart = 5,
    /// How often this hart had nothing to schedule.
    IdleSchedules = 6,
    /// Cycles of kernel entries after which this hart idled.
    IdleKernelCycles = 7,
    /// Number of these.
    IdleKernelEntries = 8,
    /// Cycles from beginning to end.
    TotalCycles = 9,
    /// How often this hart scheduled another thread.
    TotalSchedules = 10,
    /// Cycles of this hart in the kernel.
    TotalKernelCycles = 11,
    /// Its kernel entries.
    TotalKernelEntries = 12,
}

/// Number of [`UtilisationWord`]s.
pub const UTILISATION_WORDS: usize = 13;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syscall::Syscall;

    #[test]
    fn a_system_call_says_number_capability_label_and_path() {
        let entry = KernelEntry::syscall(Syscall::NBRecv.number(), 20, u64::MAX);
        assert_eq!(entry.path(), Some(EntryPath::Syscall));
        let fields = [entry.syscall_number(), i64::from(entry.cap_type()), i64::from(entry.label())];
        assert_eq!(fields, [-8, 20, (1 << 19) - 1]);
        assert!(!entry.is_on_fastpath() && entry.on_fastpath().is_on_fastpath());
        assert_eq!(KernelEntry::syscall(Syscall::Call.number(), 4, 0x21).0, 5 | 1 << 3 | 4 << 7 | 0x21 << 13);
    }

    #[test]
    fn other_entries_say_hart_and_word() {
        let entry = KernelEntry::new(EntryPath::UnknownSyscall, 3, u64::MAX);
        assert_eq!(entry.path(), Some(EntryPath::UnknownSyscall));
        assert_eq!([entry.core(), entry.word()], [3, (1 << 26) - 1]);
        assert_eq!(KernelEntry::new(EntryPath::VmFault, 1, 15).0, 4 | 1 << 3 | 15 << 6);
    }

    #[test]
    fn any_word_of_a_log_can_be_decoded() {
        for word in (0..32).map(|bit| 1 << bit).chain([0, u32::MAX, 7]) {
            let entry = KernelEntry(word);
            let _ = (entry.path(), entry.core(), entry.word(), entry.syscall_number());
            let _ = (entry.cap_type(), entry.label(), entry.is_on_fastpath());
        }
        assert_eq!([KernelEntry(3).path(), KernelEntry(6).path(), KernelEntry(7).path()], [None; 3]);
    }
}
