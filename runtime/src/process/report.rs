//! What a process tells its creator, and how its creator hears it.

use core::fmt;
use core::panic::Location;

use rel4_abi::message_info::NUM_MESSAGE_REGISTERS;
use rel4_abi::{FaultMessage, FaultRecord, MessageInfo, fault};

use super::SUPERVISOR;
use crate::arch;
use crate::cap::Endpoint;
use crate::ipc::{Message, Registers};

/// Label of the report that a process is done, and the system call that stands for it. Labels of faults are below it.
const FINISHED: u64 = 0x100;
/// Likewise of the report that a process panicked.
const PANICKED: u64 = 0x101;

/// Words of a report that a process panicked: line, length of the file name, the file name.
const PANIC_WORDS: usize = 2 + FILE_WORDS;
const FILE_WORDS: usize = 8;
/// Arguments that a fault of an unknown system call tells: `a0` to `a6`.
const SYSCALL_ARGUMENTS: usize = 7;
const FILE_BYTES: usize = FILE_WORDS * size_of::<u64>();

/// Tells the creator that this process is done, with `results`, and never returns.
pub fn finish(results: [u64; NUM_MESSAGE_REGISTERS]) -> ! {
    // The creator never answers, so the thread stays blocked, unless there are no endpoints.
    Endpoint(SUPERVISOR).call(FINISHED, results);
    let [first, second, third, fourth] = results;
    arch::unknown_syscall(FINISHED, [first, second, third, fourth, 0, 0, 0]);
    arch::fault()
}

/// Tells the creator that this process panicked at `location`, and never returns.
pub fn panicked(location: &Location<'_>) -> ! {
    let line = SourceLine::new(location.file(), location.line());
    let words = line.words();
    for (index, &word) in words.iter().enumerate().skip(NUM_MESSAGE_REGISTERS) {
        arch::set_message_word(index, word);
    }
    arch::call(SUPERVISOR, MessageInfo::new(PANICKED, 0, 0, PANIC_WORDS), Registers::leading(&words));
    arch::unknown_syscall(PANICKED, line.fault_arguments());
    arch::fault()
}

/// A line of a source file. The end of a file name that is too long is what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceLine {
    line: u32,
    file: [u8; FILE_BYTES],
    file_length: usize,
}

impl SourceLine {
    fn new(file: &str, line: u32) -> Self {
        let tail = &file.as_bytes()[file.len().saturating_sub(FILE_BYTES)..];
        let mut bytes = [0; FILE_BYTES];
        bytes[..tail.len()].copy_from_slice(tail);
        Self { line, file: bytes, file_length: tail.len() }
    }

    fn words(&self) -> [u64; PANIC_WORDS] {
        let mut words = [0; PANIC_WORDS];
        words[0] = u64::from(self.line);
        words[1] = self.file_length as u64;
        for (index, &byte) in self.file.iter().enumerate() {
            words[2 + index / size_of::<u64>()] |= u64::from(byte) << (8 * (index % size_of::<u64>()));
        }
        words
    }

    /// The same in the registers of an unknown system call, with as much of the end of the file name as they hold.
    fn fault_arguments(&self) -> [u64; SYSCALL_ARGUMENTS] {
        const BYTES: usize = (SYSCALL_ARGUMENTS - 2) * size_of::<u64>();
        let mut tail =
            Self { line: self.line, file: [0; FILE_BYTES], file_length: self.file_length.min(BYTES) };
        let start = self.file_length - tail.file_length;
        tail.file[..tail.file_length].copy_from_slice(&self.file[start..self.file_length]);
        let words = tail.words();
        core::array::from_fn(|index| words[index])
    }

    fn of_fault_arguments(arguments: [u64; SYSCALL_ARGUMENTS]) -> Option<Self> {
        let mut words = [0; PANIC_WORDS];
        words[..SYSCALL_ARGUMENTS].copy_from_slice(&arguments);
        Self::decode(words)
    }

    fn decode(words: [u64; PANIC_WORDS]) -> Option<Self> {
        let mut file = [0; FILE_BYTES];
        for (bytes, word) in file.chunks_exact_mut(size_of::<u64>()).zip(&words[2..]) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        let file_length = usize::try_from(words[1]).ok().filter(|&length| length <= FILE_BYTES)?;
        Some(Self { line: u32::try_from(words[0]).ok()?, file, file_length })
    }
}

/// `file:line`, as one printable token whatever the process sent.
impl fmt::Display for SourceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        for &byte in &self.file[..self.file_length] {
            let printable = byte.is_ascii_graphic() && byte != b'=';
            f.write_char(if printable { char::from(byte) } else { '?' })?;
        }
        write!(f, ":{}", self.line)
    }
}

/// What happened to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// It is done, with these results.
    Finished([u64; NUM_MESSAGE_REGISTERS]),
    /// It panicked there.
    Panicked(SourceLine),
    /// It faulted.
    Faulted(FaultMessage),
}

/// A message to the supervisor endpoint that is no report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportError {
    /// Its label.
    pub label: u64,
}

impl Report {
    /// Waits for the next report at an endpoint, and tells the badge of the process it is from.
    pub(super) fn receive(supervisor: Endpoint) -> (u64, Result<Self, ReportError>) {
        let message = supervisor.recv();
        (message.badge, Self::decode(&message))
    }

    /// The report that a fault record holds: one of a system call that stands for a report, or of a fault.
    pub(super) fn of_record(record: &FaultRecord) -> Result<Self, ReportError> {
        let error = ReportError { label: record.info.label() };
        match record.fault().ok_or(error)? {
            FaultMessage::UnknownSyscall {
                number: FINISHED,
                arguments: [first, second, third, fourth, ..],
                ..
            } => Ok(Self::Finished([first, second, third, fourth])),
            FaultMessage::UnknownSyscall { number: PANICKED, arguments, .. } => {
                SourceLine::of_fault_arguments(arguments).map(Self::Panicked).ok_or(error)
            }
            fault => Ok(Self::Faulted(fault)),
        }
    }

    fn decode(message: &Message) -> Result<Self, ReportError> {
        let mut words = [0; fault::MAX_WORDS];
        let length = message.info.length().min(words.len());
        for (index, word) in words[..length].iter_mut().enumerate() {
            *word = message.words.get(index).copied().unwrap_or_else(|| arch::message_word(index));
        }
        let label = message.info.label();
        let report = match label {
            FINISHED => Some(Self::Finished(message.words)),
            PANICKED => {
                let mut panic_words = [0; PANIC_WORDS];
                panic_words.copy_from_slice(&words[..PANIC_WORDS]);
                SourceLine::decode(panic_words).map(Self::Panicked)
            }
            _ => FaultMessage::decode(label, words).map(Self::Faulted),
        };
        report.ok_or(ReportError { label })
    }
}

const _: () = assert!(PANIC_WORDS <= fault::MAX_WORDS);

#[cfg(test)]
mod tests {
    use std::string::{String, ToString};

    use proptest::prelude::*;

    use super::*;

    /// The message that carries `words`, as the receiver finds it.
    fn message(label: u64, words: &[u64]) -> Message {
        let mut registers = [0; NUM_MESSAGE_REGISTERS];
        for (index, &word) in words.iter().enumerate() {
            match registers.get_mut(index) {
                Some(register) => *register = word,
                None => arch::set_message_word(index, word),
            }
        }
        Message { badge: 1, info: MessageInfo::new(label, 0, 0, words.len()), words: registers }
    }

    #[test]
    fn a_panic_arrives_with_file_and_line() {
        let line = SourceLine::new("workloads/src/main.rs", 42);
        assert_eq!(Report::decode(&message(PANICKED, &line.words())), Ok(Report::Panicked(line)));
        assert_eq!(line.to_string(), "workloads/src/main.rs:42");
    }

    #[test]
    fn of_a_long_file_name_the_end_is_kept() {
        let path = String::from("x").repeat(100) + "/main.rs";
        assert!(SourceLine::new(&path, 1).to_string().ends_with("x/main.rs:1"));
    }

    #[test]
    fn a_fault_arrives_with_all_its_words() {
        let fault = FaultMessage::UnknownSyscall {
            pc: 1,
            sp: 2,
            ra: 3,
            arguments: [4, 5, 6, 7, 8, 9, 10],
            number: 11,
        };
        let (words, length) = fault.words();
        assert_eq!(Report::decode(&message(2, &words[..length])), Ok(Report::Faulted(fault)));
    }

    /// The record of the system call that stands for a report.
    fn record(number: u64, arguments: [u64; SYSCALL_ARGUMENTS]) -> FaultRecord {
        FaultRecord::new(1, 2, 0, FaultMessage::UnknownSyscall { pc: 0, sp: 0, ra: 0, arguments, number })
    }

    #[test]
    fn reports_arrive_as_records_too() {
        let results = Report::of_record(&record(FINISHED, [1, 2, 3, 4, 0, 0, 0]));
        assert_eq!(results, Ok(Report::Finished([1, 2, 3, 4])));
        let line = SourceLine::new("workloads/src/ipc_async/client/recorder.rs", 42);
        let Ok(Report::Panicked(line)) = Report::of_record(&record(PANICKED, line.fault_arguments())) else {
            panic!("it is no panic")
        };
        assert!(line.to_string().ends_with("src/ipc_async/client/recorder.rs:42"), "{line}");
    }

    #[test]
    fn any_other_fault_arrives_as_a_record() {
        let fault = FaultMessage::VmFault { pc: 1, address: 2, prefetch: 0, status: 7 };
        assert_eq!(Report::of_record(&FaultRecord::new(1, 2, 3, fault)), Ok(Report::Faulted(fault)));
        let other = record(FINISHED - 1, [0; SYSCALL_ARGUMENTS]);
        assert!(matches!(Report::of_record(&other), Ok(Report::Faulted(_))));
        assert_eq!(Report::of_record(&FaultRecord::default()), Err(ReportError { label: 0 }));
        assert!(Report::of_record(&record(PANICKED, [u64::MAX; SYSCALL_ARGUMENTS])).is_err());
    }

    #[test]
    fn results_arrive() {
        assert_eq!(Report::decode(&message(FINISHED, &[1, 2, 3, 4])), Ok(Report::Finished([1, 2, 3, 4])));
    }

    proptest! {
        #[test]
        fn any_message_is_either_a_report_or_named_by_its_label(label in 0_u64..0x200, words in prop::collection::vec(any::<u64>(), 0..12)) {
            match Report::decode(&message(label, &words)) {
                Ok(Report::Panicked(line)) => prop_assert!(line.to_string().bytes().all(|byte| byte.is_ascii_graphic())),
                Ok(_) => {}
                Err(error) => prop_assert_eq!(error.label, label),
            }
        }
    }
}
