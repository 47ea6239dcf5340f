//! Everything that can go wrong, and the `fail` record it becomes.

use core::fmt::Write;

use rel4_abi::FaultMessage;
use rel4_abi::message_info::NUM_MESSAGE_REGISTERS;
use rel4_records::{Kind, RecordWriter, WriteError};
use rel4_runtime::error::Error;
use rel4_runtime::process::{Report, ReportError, SourceLine};
use rel4_runtime::resources::ResourceError;

/// Why a run failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The boot arguments break the grammar.
    BadBootargs {
        /// How, as a word.
        reason: &'static str,
    },
    /// There is no workload of that name.
    UnknownWorkload,
    /// Some parameters are not the workload's.
    UnknownParameters {
        /// How many.
        count: usize,
    },
    /// A parameter is missing or not one of a few words.
    BadChoice {
        /// Its name.
        key: &'static str,
    },
    /// An integer parameter is missing or not acceptable.
    BadInteger {
        /// Its name.
        key: &'static str,
        /// What is wrong, as a word.
        reason: &'static str,
        /// Least acceptable value.
        min: u64,
        /// Greatest acceptable value.
        max: u64,
    },
    /// Something could not be made.
    Resource(ResourceError),
    /// A process faulted.
    ProcessFault {
        /// Which.
        process: &'static str,
        /// How.
        fault: FaultMessage,
    },
    /// A process panicked.
    ProcessPanic {
        /// Which.
        process: &'static str,
        /// Where.
        at: SourceLine,
    },
    /// A process reported what it should not.
    UnexpectedReport {
        /// Which.
        process: &'static str,
        /// Label of the message.
        label: u64,
    },
    /// A property that a workload checks does not hold.
    Check {
        /// The property, as a word.
        name: &'static str,
    },
    /// Nothing happened any more, though there was something to do.
    Stalled {
        /// Calls that were complete.
        complete: u64,
        /// Calls that were to be made.
        calls: u64,
    },
    /// Answers differed from what the requests ask for.
    WrongAnswer {
        /// The bits that differed, of all answers together.
        differences: u64,
    },
    /// A record was refused, which is a mistake in this program.
    Record(WriteError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Resource(error.into())
    }
}

impl From<ResourceError> for Failure {
    fn from(error: ResourceError) -> Self {
        Self::Resource(error)
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        Self::Record(error)
    }
}

impl Failure {
    /// The word in `what=`.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        match self {
            Self::BadBootargs { .. } => "bad_bootargs",
            Self::UnknownWorkload => "unknown_workload",
            Self::UnknownParameters { .. } => "unknown_parameters",
            Self::BadChoice { .. } | Self::BadInteger { .. } => "bad_parameter",
            Self::Resource(_) => "resource",
            Self::ProcessFault { .. } => "fault",
            Self::ProcessPanic { .. } => "panic",
            Self::UnexpectedReport { .. } => "unexpected_report",
            Self::Check { .. } => "check",
            Self::Stalled { .. } => "stalled",
            Self::WrongAnswer { .. } => "wrong_answer",
            Self::Record(_) => "record",
        }
    }

    /// Writes the `fail` record.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write<W: Write>(&self, records: &mut RecordWriter<W>) -> Result<(), WriteError> {
        let record = records.record(Kind::Fail).field("what", self.what());
        match *self {
            Self::BadBootargs { reason } => record.field("reason", reason),
            Self::UnknownWorkload => record,
            Self::UnknownParameters { count } => record.field("count", count),
            Self::BadChoice { key } => record.field("key", key).field("reason", "no_such_choice"),
            Self::BadInteger { key, reason, min, max } => {
                record.field("key", key).field("reason", reason).field("min", min).field("max", max)
            }
            Self::Resource(error) => record.field("error", error),
            Self::ProcessFault { process, fault } => {
                let record = record.field("process", process);
                match fault {
                    FaultMessage::CapFault { pc, cptr, .. } => record
                        .field("fault", "cap")
                        .field("pc", format_args!("{pc:#x}"))
                        .field("cptr", format_args!("{cptr:#x}")),
                    FaultMessage::UnknownSyscall { pc, number, .. } => record
                        .field("fault", "unknown_syscall")
                        .field("pc", format_args!("{pc:#x}"))
                        .field("number", number as i64),
                    FaultMessage::UserException { pc, number, .. } => record
                        .field("fault", "exception")
                        .field("pc", format_args!("{pc:#x}"))
                        .field("cause", number),
                    FaultMessage::VmFault { pc, address, status, .. } => record
                        .field("fault", "vm")
                        .field("pc", format_args!("{pc:#x}"))
                        .field("address", format_args!("{address:#x}"))
                        .field("status", status),
                }
            }
            Self::ProcessPanic { process, at } => record.field("process", process).field("at", at),
            Self::UnexpectedReport { process, label } => {
                record.field("process", process).field("label", label)
            }
            Self::Check { name } => record.field("name", name),
            Self::Stalled { complete, calls } => record.field("complete", complete).field("calls", calls),
            Self::WrongAnswer { differences } => {
                record.field("differences", format_args!("{differences:#x}"))
            }
            Self::Record(error) => record.field(
                "reason",
                match error {
                    WriteError::IllegalKey => "illegal_key",
                    WriteError::IllegalValue => "illegal_value",
                    WriteError::DuplicateKey => "duplicate_key",
                    WriteError::TooLong => "too_long",
                    WriteError::Sink => "sink",
                },
            ),
        }
        .finish()
    }
}

/// The results of `process`, if its `report` is that it finished.
///
/// # Errors
///
/// What else it reports.
pub fn unless_finished(
    process: &'static str,
    report: Result<Report, ReportError>,
) -> Result<[u64; NUM_MESSAGE_REGISTERS], Failure> {
    match report {
        Ok(Report::Finished(results)) => Ok(results),
        Ok(Report::Panicked(at)) => Err(Failure::ProcessPanic { process, at }),
        Ok(Report::Faulted(fault)) => Err(Failure::ProcessFault { process, fault }),
        Err(ReportError { label }) => Err(Failure::UnexpectedReport { process, label }),
    }
}

#[cfg(test)]
mod tests {
    use std::string::String;

    use rel4_abi::LookupFailure;
    use rel4_records::{RunId, parse_line};

    use super::*;

    #[test]
    fn every_failure_becomes_a_record_that_the_host_can_read() {
        let failure = LookupFailure::MissingCapability { bits_left: 0 };
        let faults = [
            FaultMessage::CapFault { pc: 1, cptr: 2, in_receive_phase: 0, failure },
            FaultMessage::UnknownSyscall { pc: 1, sp: 2, ra: 3, arguments: [0; 7], number: u64::MAX },
            FaultMessage::UserException { pc: 1, sp: 2, number: 2, code: 0 },
            FaultMessage::VmFault { pc: 1, address: 2, prefetch: 0, status: 7 },
        ];
        let others = [
            Failure::BadBootargs { reason: "no_run_id" },
            Failure::UnknownWorkload,
            Failure::UnknownParameters { count: 2 },
            Failure::BadChoice { key: "who" },
            Failure::BadInteger { key: "rounds", reason: "missing", min: 1, max: 2 },
            Failure::Resource(ResourceError::OutOfMemory { size_bits: 12 }),
            Failure::Resource(ResourceError::NoDevice { paddr: 0x1000_0000 }),
            Failure::UnexpectedReport { process: "client", label: 9 },
            Failure::Check { name: "it_holds" },
            Failure::Stalled { complete: 7, calls: 9 },
            Failure::WrongAnswer { differences: 1 },
            Failure::Record(WriteError::TooLong),
        ];
        let faults = faults.map(|fault| Failure::ProcessFault { process: "client", fault });
        for failure in faults.into_iter().chain(others) {
            let mut records = RecordWriter::new(String::new(), RunId::new("7").expect("a run id"));
            failure.write(&mut records).expect("a legal record");
            let line = records.into_sink();
            let record = parse_line(&line).expect("an undamaged line").expect("a record");
            assert_eq!(record.text("what"), Ok(failure.what()), "{line}");
        }
    }
}
