//! Reading a whole log.

use rel4_records::{Kind, Status};

use super::alarm::Alarm;
use super::finding::Finding;
use super::problem::Problem;
use super::record::Record;
use super::scanner::Scanner;
use super::sequence::Stage;
use super::suite::Suite;
use super::verdict::Verdict;

/// What a serial log holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SerialLog {
    /// The sound records of the run, in their order.
    pub records: Vec<Record>,
    /// What is wrong with the records, in the order of the log.
    pub problems: Vec<Problem>,
    /// What the log proves.
    pub verdict: Verdict,
    /// What upstream's test driver said, if it ran.
    pub tests: Suite,
    /// The firmware's name and version, if it printed them.
    pub firmware: Option<String>,
    /// What the kernel warns of, such as a machine that does not isolate user threads.
    pub warnings: Vec<String>,
}

/// Reads the log of the run called `run_id`, or of whatever run its first record belongs to.
#[must_use]
pub fn parse(bytes: &[u8], run_id: Option<&str>) -> SerialLog {
    let mut scanner = Scanner::new(run_id);
    let mut log = SerialLog {
        records: Vec::new(),
        problems: Vec::new(),
        verdict: Verdict::Complete,
        tests: Suite::default(),
        firmware: None,
        warnings: Vec::new(),
    };
    let mut alarms = Vec::new();
    let mut findings = scanner.push(bytes);
    findings.append(&mut scanner.finish());
    for finding in findings {
        match finding {
            Finding::Record(record) => log.records.push(record),
            Finding::Problem(problem) => log.problems.push(problem),
            Finding::Alarm(alarm, message) => alarms.push((alarm, message)),
            Finding::Upstream(line) => log.tests.advance(line),
            Finding::Firmware(name) => log.firmware = Some(name),
            Finding::Warning(text) => log.warnings.push(text),
        }
    }
    log.verdict = judge(&log, &alarms, &scanner);
    log
}

/// The gravest thing that happened: what stopped the machine, then what failed, then what is missing.
fn judge(log: &SerialLog, alarms: &[(Alarm, String)], scanner: &Scanner) -> Verdict {
    if let Some((alarm, message)) = alarms.first() {
        let message = message.clone();
        return match alarm {
            Alarm::KernelPanic => Verdict::KernelPanic(message),
            Alarm::LoaderPanic => Verdict::LoaderPanic(message),
            Alarm::UnhandledFault => Verdict::UnhandledFault(message),
        };
    }
    let failures = failures(log, scanner.stage());
    if !failures.is_empty() {
        return Verdict::Failed(failures);
    }
    match missing(log, scanner) {
        Some(reason) => Verdict::Incomplete(reason),
        None => Verdict::Complete,
    }
}

fn failures(log: &SerialLog, stage: Stage) -> Vec<String> {
    let records = log.records.iter().filter(|record| record.kind == Kind::Fail).map(Record::summary);
    let mut failures: Vec<_> = records.chain(log.tests.failures()).collect();
    if failures.is_empty() && stage == Stage::Ended(Some(Status::Failed)) {
        failures.push("the workload ended with status=failed and gave no reason".to_owned());
    }
    failures
}

fn missing(log: &SerialLog, scanner: &Scanner) -> Option<String> {
    let mut spoiled = log.problems.iter().filter(|problem| problem.kind.spoils_the_run());
    if let Some(first) = spoiled.next() {
        let more = spoiled.count();
        let others = if more == 0 { String::new() } else { format!(" (and {more} more)") };
        return Some(format!("{first}{others}"));
    }
    match (scanner.stage(), log.tests.started) {
        (Stage::Ended(_) | Stage::Restarted, _) => None,
        (Stage::Running, _) => Some(format!(
            "there is no end record: the guest stopped or hung after record {}",
            scanner.last_seq().unwrap_or_default()
        )),
        (Stage::Silent, true) => suite_missing(&log.tests),
        (Stage::Silent, false) if log.firmware.is_some() => {
            Some("there is no record: the firmware started but user space was not reached".to_owned())
        }
        (Stage::Silent, false) => Some("there is no record: user space was not reached".to_owned()),
    }
}

fn suite_missing(suite: &Suite) -> Option<String> {
    if suite.all_is_well.is_some() {
        return None;
    }
    Some(match suite.outcomes.last() {
        Some(test) => {
            format!("the test suite did not finish: it stopped in test {} ({})", test.number, test.name)
        }
        None => "the test suite did not finish: no test was started".to_owned(),
    })
}
