//! Whether the records of a boot follow each other without loss.

use rel4_records::{Kind, Status};

use super::problem::ProblemKind;
use super::record::Record;

/// How far the records have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// No record yet.
    Silent,
    /// Between the first record and the end record.
    Running,
    /// The end record came, with a status that is known or not.
    Ended(Option<Status>),
    /// The guest booted a second time. Nothing counts any more, since the records of both boots look alike.
    Restarted,
}

/// Follows the sequence numbers and run ids of records.
#[derive(Debug)]
pub(super) struct Sequence {
    /// The run that records must belong to, once it is known.
    run: Option<String>,
    /// The sequence number that is due.
    due: u64,
    pub(super) stage: Stage,
}

impl Sequence {
    pub(super) fn new(run: Option<&str>) -> Self {
        Self { run: run.map(str::to_owned), due: 0, stage: Stage::Silent }
    }

    /// Checks that a record of `run` may come now: notes what is wrong in `problems` and says whether it counts.
    pub(super) fn accept(&mut self, run: &str, record: &Record, problems: &mut Vec<ProblemKind>) -> bool {
        let expected = self.run.get_or_insert_with(|| run.to_owned());
        if expected != run {
            problems.push(ProblemKind::WrongRun { found: run.to_owned(), expected: expected.clone() });
            return false;
        }
        if self.stage == Stage::Restarted {
            return false;
        }
        if record.seq < self.due {
            problems.push(self.step_back(record));
            return false;
        }
        if matches!(self.stage, Stage::Ended(_)) {
            problems.push(ProblemKind::AfterEnd { seq: record.seq });
            return false;
        }
        if record.seq > self.due {
            problems.push(ProblemKind::Gap { first: self.due, last: record.seq - 1 });
        } else if record.seq == 0 && record.kind != Kind::Begin {
            problems.push(ProblemKind::NoBegin);
        }
        self.stage = Stage::Running;
        if record.kind == Kind::End {
            self.end(record, problems);
        }
        self.due = record.seq.saturating_add(1);
        true
    }

    /// The record after which the sequence broke off, if any came.
    pub(super) fn last(&self) -> Option<u64> {
        self.due.checked_sub(1)
    }

    fn step_back(&mut self, record: &Record) -> ProblemKind {
        if record.kind == Kind::Begin {
            self.stage = Stage::Restarted;
            ProblemKind::Restarted
        } else {
            ProblemKind::NotInOrder { seq: record.seq, expected: self.due }
        }
    }

    fn end(&mut self, record: &Record, problems: &mut Vec<ProblemKind>) {
        match record.number("records") {
            Ok(said) if said == record.seq => {}
            Ok(said) => problems.push(ProblemKind::CountMismatch { said, seq: record.seq }),
            Err(error) => problems.push(ProblemKind::BadEnd(error)),
        }
        let status = match record.text("status") {
            Ok(name) => {
                let status = Status::from_name(name);
                if status.is_none() {
                    problems.push(ProblemKind::UnknownStatus(name.to_owned()));
                }
                status
            }
            Err(error) => {
                problems.push(ProblemKind::BadEnd(error));
                None
            }
        };
        self.stage = Stage::Ended(status);
    }
}
