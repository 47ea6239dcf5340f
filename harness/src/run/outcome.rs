//! What running a cell came to, and what to do about it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::watch::{Ending, Limits};
use crate::clients::ClientError;
use crate::exit::Exit;
use crate::serial::{SerialLog, Verdict};

/// What running a cell came to. The text of each says what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "detail", rename_all = "kebab-case")]
pub enum Outcome {
    /// The records are complete and say that all went well.
    Measured,
    /// The workload says that a check did not hold.
    Failed(String),
    /// The kernel panicked.
    KernelPanic(String),
    /// The loader panicked.
    LoaderPanic(String),
    /// A thread faulted and nobody handles its faults.
    UnhandledFault(String),
    /// No record came in time: user space was not reached.
    BootTimeout(Duration),
    /// Records came, but no end in time.
    RunTimeout(Duration, String),
    /// Neither serial output nor progress: emulator or guest stands still.
    Stalled(Duration),
    /// The guest would not stop writing.
    Flood(usize),
    /// The guest ended before its work was done.
    PoweredOff(String),
    /// A client of the guest's server was not served as it should be.
    ClientFailed(String),
    /// The instruction counts differ from those of an earlier repeat.
    NotRepeatable(String),
    /// The records are sound but are not the measurement that the cell asked for.
    WrongMeasurement(String),
    /// The log is sound, but what the cost model reports cannot be used.
    NotModelled(String),
    /// The log is damaged, so it proves nothing.
    Damaged(String),
    /// The emulator broke down.
    EmulatorDied(String),
    /// The user stopped the run.
    Interrupted,
}

impl Outcome {
    /// Judges a boot by how it ended and what its log holds.
    #[must_use]
    pub fn judge(ending: &Ending, log: &SerialLog, limits: Limits) -> Self {
        if *ending == Ending::Interrupted {
            return Self::Interrupted;
        }
        let missing = match &log.verdict {
            Verdict::KernelPanic(message) => return Self::KernelPanic(message.clone()),
            Verdict::LoaderPanic(message) => return Self::LoaderPanic(message.clone()),
            Verdict::UnhandledFault(message) => return Self::UnhandledFault(message.clone()),
            Verdict::Failed(reasons) => return Self::Failed(reasons.join("; ")),
            Verdict::Incomplete(reason) => reason.clone(),
            Verdict::Complete if *ending == Ending::ClientFailed => {
                let waited_s = limits.stall.as_secs();
                return Self::ClientFailed(format!(
                    "clients were not back {waited_s} s after the guest said that it was done"
                ));
            }
            Verdict::Complete => return Self::Measured,
        };
        let damaged = log.problems.iter().any(|problem| problem.kind.spoils_the_run());
        match ending {
            Ending::Died(how) => Self::EmulatorDied(how.clone()),
            Ending::RunTimeout => Self::RunTimeout(limits.run, missing),
            Ending::Stalled => Self::Stalled(limits.stall),
            Ending::Flood => Self::Flood(super::watch::SERIAL_LIMIT_BYTES),
            Ending::BootTimeout if !damaged => Self::BootTimeout(limits.boot),
            Ending::PoweredOff if !damaged => Self::PoweredOff(missing),
            Ending::BootTimeout
            | Ending::PoweredOff
            | Ending::End
            | Ending::GaveUp
            | Ending::ClientFailed
            | Ending::Interrupted => Self::Damaged(missing),
        }
    }

    /// The same, when `complaint` is what a client said of the server. It counts unless the guest itself broke down or the user stopped it: then it is no
    /// wonder.
    #[must_use]
    pub fn with_complaint(self, complaint: &ClientError) -> Self {
        match self {
            Self::Measured | Self::Damaged(_) | Self::RunTimeout(..) | Self::PoweredOff(_) => {
                Self::ClientFailed(complaint.to_string())
            }
            Self::Failed(what) => Self::Failed(format!("{what}; and {complaint}")),
            other => other,
        }
    }

    /// What it means for the exit code of the run.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Measured => Exit::Done,
            Self::Failed(_)
            | Self::KernelPanic(_)
            | Self::LoaderPanic(_)
            | Self::UnhandledFault(_)
            | Self::BootTimeout(_)
            | Self::RunTimeout(..)
            | Self::Stalled(_)
            | Self::Flood(_)
            | Self::PoweredOff(_)
            | Self::ClientFailed(_)
            | Self::NotRepeatable(_)
            | Self::WrongMeasurement(_)
            | Self::NotModelled(_) => Exit::Failed,
            Self::Damaged(_) => Exit::Inconclusive,
            Self::EmulatorDied(_) | Self::Interrupted => Exit::Tooling,
        }
    }

    /// Whether the cell is done with. If not, it says nothing about the guest and a resumed run takes it up again.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.exit() != Exit::Tooling
    }

    /// Whether the log holds samples that count.
    #[must_use]
    pub fn has_samples(&self) -> bool {
        matches!(self, Self::Measured | Self::NotRepeatable(_))
    }

    /// Whether the machine was turned off because it stood still.
    #[must_use]
    pub fn is_stall(&self) -> bool {
        matches!(self, Self::Stalled(_))
    }

    /// A short name, for lists.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Failed(_) => "failed",
            Self::KernelPanic(_) => "kernel panic",
            Self::LoaderPanic(_) => "loader panic",
            Self::UnhandledFault(_) => "unhandled fault",
            Self::BootTimeout(_) => "boot timeout",
            Self::RunTimeout(..) => "run timeout",
            Self::Stalled(_) => "stalled",
            Self::Flood(_) => "serial flood",
            Self::PoweredOff(_) => "powered off",
            Self::ClientFailed(_) => "client failed",
            Self::NotRepeatable(_) => "not repeatable",
            Self::WrongMeasurement(_) => "wrong measurement",
            Self::NotModelled(_) => "not modelled",
            Self::Damaged(_) => "damaged log",
            Self::EmulatorDied(_) => "emulator died",
            Self::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Measured => f.write_str("measured"),
            Self::Failed(what) => {
                write!(f, "the workload failed: {what}; read the log from its `fail` record on")
            }
            Self::KernelPanic(what) => {
                write!(
                    f,
                    "the kernel panicked: {what}; find the place in the message, a debug kernel says more"
                )
            }
            Self::LoaderPanic(what) => {
                write!(f, "the loader panicked: {what}; check image sizes and the platform's memory")
            }
            Self::UnhandledFault(what) => {
                write!(
                    f,
                    "a thread faulted and nobody handles its faults: {what}; look the address up in the root task's ELF"
                )
            }
            Self::BootTimeout(limit) => write!(
                f,
                "no record within {} s of power-on, so user space was not reached; run a debug kernel to see how far it comes, or raise boot_s",
                limit.as_secs()
            ),
            Self::RunTimeout(limit, missing) => write!(
                f,
                "user space was reached but not the end within {} s: {missing}; look for a hang there (a fault of the root task looks the same in a release kernel: try a debug one), or raise run_s",
                limit.as_secs()
            ),
            Self::Stalled(limit) => write!(
                f,
                "the machine stood still for {} s, twice: no serial output and no progress; a guest of which every hart sleeps for good does that, see the end of the log, or raise stall_s on a host that is very busy",
                limit.as_secs()
            ),
            Self::Flood(limit) => {
                write!(
                    f,
                    "the guest wrote more than {} MiB and was stopped; see the start of the log",
                    limit >> 20
                )
            }
            Self::PoweredOff(missing) => {
                write!(
                    f,
                    "the guest powered off or reset before it was done: {missing}; see the end of the log"
                )
            }
            Self::ClientFailed(what) => write!(
                f,
                "a client of the server in the machine was not served as it should be: {what}; docs/tcp-server.md says what clients do"
            ),
            Self::NotRepeatable(difference) => write!(
                f,
                "instruction counts differ between repeats: {difference}; look for what is not fixed (seeds, clocks, uninitialised memory)"
            ),
            Self::WrongMeasurement(what) => write!(
                f,
                "the records are sound but not what the cell asked for: {what}; do root task and harness come from the same sources?"
            ),
            Self::NotModelled(what) => {
                write!(
                    f,
                    "the cost model's report cannot be used: {what}; docs/cost-model.md says what a guest has to do"
                )
            }
            Self::Damaged(what) => write!(
                f,
                "the log is damaged and proves nothing: {what}; look for a second writer on the serial line, then run it again"
            ),
            Self::EmulatorDied(how) => {
                write!(
                    f,
                    "the emulator or the way to the board broke down ({how}); try its command line by hand, then resume the run"
                )
            }
            Self::Interrupted => f.write_str("interrupted; resume the run to measure this cell"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serial;

    const LIMITS: Limits =
        Limits { boot: Duration::from_secs(5), run: Duration::from_secs(60), stall: Duration::from_secs(30) };

    fn judge(ending: &Ending, text: &str) -> Outcome {
        Outcome::judge(ending, &serial::parse(text.as_bytes(), Some("0123abcd")), LIMITS)
    }

    #[test]
    fn what_the_log_says_goes_before_how_the_machine_ended() {
        let outcome = judge(&Ending::Died("exit code 1".into()), "@kernel-panic hart=0 x\n");
        assert_eq!(outcome, Outcome::KernelPanic("hart=0 x".into()));
    }

    #[test]
    fn a_silent_guest_is_told_from_one_whose_records_are_damaged() {
        assert_eq!(judge(&Ending::BootTimeout, "OpenSBI v1.1\n"), Outcome::BootTimeout(LIMITS.boot));
        let damaged = "@rel4 begin run=0123abcd seq=0 workload=w crc=00000000\n";
        assert!(matches!(judge(&Ending::BootTimeout, damaged), Outcome::Damaged(_)));
        assert!(matches!(judge(&Ending::RunTimeout, damaged), Outcome::RunTimeout(..)));
    }

    #[test]
    fn a_clients_complaint_counts_unless_the_guest_broke_down() {
        let complaint = ClientError::TooMuch { client: 3, found: 7 };
        let outcome = |outcome: Outcome| outcome.with_complaint(&complaint);
        assert_eq!(outcome(Outcome::Measured), Outcome::ClientFailed(complaint.to_string()));
        assert_eq!(outcome(Outcome::KernelPanic("x".into())), Outcome::KernelPanic("x".into()));
        assert_eq!(outcome(Outcome::Interrupted), Outcome::Interrupted);
        let Outcome::Failed(both) = outcome(Outcome::Failed("a check".into())) else { panic!("it failed") };
        assert!(both.starts_with("a check; and client 3"), "{both}");
    }

    #[test]
    fn only_what_the_tooling_did_wrong_is_run_again() {
        for (outcome, exit) in [
            (Outcome::Measured, Exit::Done),
            (Outcome::BootTimeout(LIMITS.boot), Exit::Failed),
            (Outcome::Stalled(LIMITS.stall), Exit::Failed),
            (Outcome::NotRepeatable("x".into()), Exit::Failed),
            (Outcome::Damaged("x".into()), Exit::Inconclusive),
            (Outcome::EmulatorDied("x".into()), Exit::Tooling),
            (Outcome::Interrupted, Exit::Tooling),
        ] {
            assert_eq!(outcome.exit(), exit);
            assert_eq!(outcome.is_final(), exit != Exit::Tooling);
        }
    }
}
