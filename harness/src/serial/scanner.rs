//! The state machine between bytes and findings.

use super::alarm::Alarm;
use super::finding::Finding;
use super::lines::{Ending, Line, Lines, MAX_PIECE};
use super::problem::{Place, Problem, ProblemKind};
use super::record::Record;
use super::sequence::{Sequence, Stage};
use super::text::{find, quote};
use super::upstream::UpstreamLine;

/// Reads a serial stream piece by piece, in bounded memory.
#[derive(Debug)]
pub(super) struct Scanner {
    lines: Lines,
    sequence: Sequence,
    firmware_seen: bool,
    suite_started: bool,
}

impl Scanner {
    /// A scanner for the records of `run`, or of whatever run comes first.
    pub(super) fn new(run: Option<&str>) -> Self {
        Self { lines: Lines::new(), sequence: Sequence::new(run), firmware_seen: false, suite_started: false }
    }

    /// Goes on with `bytes`. A line is looked at once it is whole.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Vec<Finding> {
        let mut findings = Vec::new();
        while !bytes.is_empty() {
            if let Some(line) = self.lines.take_line(&mut bytes) {
                self.scan(&line, &mut findings);
            }
        }
        findings
    }

    /// Looks at what is left when nothing more will come.
    pub(super) fn finish(&mut self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(line) = self.lines.rest() {
            self.scan(&line, &mut findings);
        }
        findings
    }

    /// How far the records have come.
    pub(super) fn stage(&self) -> Stage {
        self.sequence.stage
    }

    /// The sequence number of the last record that counts.
    pub(super) fn last_seq(&self) -> Option<u64> {
        self.sequence.last()
    }

    fn scan(&mut self, line: &Line, findings: &mut Vec<Finding>) {
        let place = Place { line: line.number, offset: line.offset };
        if line.ending == Ending::Bound {
            findings.push(problem(place, ProblemKind::LongLine { limit: MAX_PIECE }));
        }
        let records_before = findings.len();
        for (start, candidate) in rel4_records::candidates(&line.bytes) {
            let place = Place { offset: place.offset + start as u64, ..place };
            self.scan_candidate(candidate, place, findings);
        }
        if let Some((alarm, message)) = Alarm::find_in(&line.bytes) {
            findings.push(Finding::Alarm(alarm, message));
        } else if findings.len() == records_before {
            findings.extend(self.free_text(&line.bytes));
        }
    }

    fn scan_candidate(&mut self, candidate: &[u8], place: Place, findings: &mut Vec<Finding>) {
        let record = match rel4_records::parse_line(candidate) {
            Ok(Some(record)) => record,
            Ok(None) => return,
            Err(error) => {
                let excerpt = quote(candidate);
                findings.push(problem(place, ProblemKind::Damaged { error, excerpt }));
                return;
            }
        };
        let owned = Record::new(&record, place);
        let mut problems = Vec::new();
        let counts = self.sequence.accept(record.run, &owned, &mut problems);
        findings.extend(problems.into_iter().map(|kind| problem(place, kind)));
        if counts {
            findings.push(Finding::Record(owned));
        }
    }

    fn free_text(&mut self, line: &[u8]) -> Option<Finding> {
        if let Some(start) = find(line, b"OpenSBI v").filter(|_| !self.firmware_seen) {
            self.firmware_seen = true;
            return Some(Finding::Firmware(quote(&line[start..])));
        }
        const WARNING: &[u8] = b"@kernel-warning ";
        if let Some(start) = find(line, WARNING) {
            return Some(Finding::Warning(quote(&line[start + WARNING.len()..])));
        }
        let line = UpstreamLine::recognise(line)?;
        // Before the driver has said that it is there, its words are anybody's.
        self.suite_started |= matches!(line, UpstreamLine::SuiteStart | UpstreamLine::TestStart { .. });
        self.suite_started.then_some(Finding::Upstream(line))
    }
}

fn problem(place: Place, kind: ProblemKind) -> Finding {
    Finding::Problem(Problem { place, kind })
}
