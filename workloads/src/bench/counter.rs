//! The instruction counter, which a kernel may keep from user code.

use rel4_abi::FaultMessage;
use rel4_runtime::arch;
use rel4_runtime::process::{self, Report, ReportError, Start};

use crate::failure::{self, Failure};

/// Whether windows read the instruction counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counter {
    /// 1 if they do, else 0: the operand of a branch.
    readable: u64,
}

impl Counter {
    /// Reads nothing.
    pub(super) const UNREADABLE: Self = Self { readable: 0 };

    /// What a process that ran [`probe`] shows: it can read the counter, or that is an illegal instruction.
    pub(super) fn from_probe(report: Result<Report, ReportError>) -> Result<Self, Failure> {
        match report {
            Ok(Report::Faulted(FaultMessage::UserException { .. })) => Ok(Self::UNREADABLE),
            other => failure::unless_finished("probe", other).map(|_| Self { readable: 1 }),
        }
    }

    pub(super) const fn from_word(readable: u64) -> Self {
        Self { readable }
    }

    pub(super) const fn word(self) -> u64 {
        self.readable
    }

    pub(super) const fn is_readable(self) -> bool {
        self.readable != 0
    }
}

/// Reads the counter, and finishes if that is allowed.
pub(super) extern "C" fn probe(_: &Start) -> ! {
    let _: u64 = arch::instructions_retired();
    process::finish([0; 4])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_illegal_instruction_means_that_the_counter_is_kept_from_user_code() {
        let fault = FaultMessage::UserException { pc: 0, sp: 0, number: 2, code: 0 };
        assert_eq!(Counter::from_probe(Ok(Report::Faulted(fault))), Ok(Counter::UNREADABLE));
        let finished = Counter::from_probe(Ok(Report::Finished([0; 4]))).expect("it can be read");
        assert!(finished.is_readable());
    }

    #[test]
    fn any_other_report_is_a_failure() {
        let fault = FaultMessage::VmFault { pc: 0, address: 0, prefetch: 0, status: 5 };
        assert!(Counter::from_probe(Ok(Report::Faulted(fault))).is_err());
        assert!(Counter::from_probe(Err(ReportError { label: 0x7f })).is_err());
    }
}
