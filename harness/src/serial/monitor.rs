//! Watching a guest while it runs.

use rel4_records::Kind;

use super::alarm::Alarm;
use super::finding::Finding;
use super::scanner::Scanner;
use super::upstream::UpstreamLine;

/// Something that matters while the guest still runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// User space was reached: the first record came, or the test driver's first line.
    FirstRecord,
    /// A server in the guest is there: from now on its clients may come.
    Listening,
    /// The workload is done: the end record came, or, from a test driver that writes no records, its last word. The guest
    /// may be stopped.
    End,
    /// The kernel panicked, with this message.
    KernelPanic(String),
    /// The loader panicked, with this message.
    LoaderPanic(String),
    /// A thread faulted without a handler.
    UnhandledFault(String),
    /// A check in the guest did not hold. The guest may go on.
    Failure(String),
}

/// Turns serial output into [`Event`]s as it comes.
#[derive(Debug)]
pub struct Monitor {
    scanner: Scanner,
    user_space_reached: bool,
    writes_records: bool,
}

impl Monitor {
    /// A monitor for the boot called `run_id`.
    #[must_use]
    pub fn new(run_id: &str) -> Self {
        Self { scanner: Scanner::new(Some(run_id)), user_space_reached: false, writes_records: false }
    }

    /// Goes on with the next bytes of the serial line, cut anywhere.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Event> {
        let findings = self.scanner.push(bytes);
        findings.into_iter().flat_map(|finding| self.events(finding)).collect()
    }

    fn events(&mut self, finding: Finding) -> Vec<Event> {
        let from_user_space = matches!(finding, Finding::Record(_) | Finding::Upstream(_));
        let first = from_user_space && !self.user_space_reached;
        self.user_space_reached |= from_user_space;
        self.writes_records |= matches!(finding, Finding::Record(_));
        let event = match finding {
            Finding::Record(record) => match record.kind {
                Kind::End => Some(Event::End),
                Kind::Fail => Some(Event::Failure(record.summary())),
                Kind::Note => record.number("listening").is_ok().then_some(Event::Listening),
                Kind::Begin | Kind::Samples => None,
            },
            Finding::Alarm(Alarm::KernelPanic, message) => Some(Event::KernelPanic(message)),
            Finding::Alarm(Alarm::LoaderPanic, message) => Some(Event::LoaderPanic(message)),
            Finding::Alarm(Alarm::UnhandledFault, message) => Some(Event::UnhandledFault(message)),
            Finding::Upstream(UpstreamLine::LastWord { .. }) if self.writes_records => None,
            Finding::Upstream(line) => upstream_event(line),
            Finding::Problem(_) | Finding::Firmware(_) | Finding::Warning(_) => None,
        };
        first.then_some(Event::FirstRecord).into_iter().chain(event).collect()
    }
}

fn upstream_event(line: UpstreamLine) -> Option<Event> {
    match line {
        UpstreamLine::LastWord { .. } => Some(Event::End),
        UpstreamLine::CheckFailed(message) => Some(Event::Failure(message)),
        UpstreamLine::TestEnd { name, passed: false } => Some(Event::Failure(format!("test {name} failed"))),
        UpstreamLine::SuiteStart
        | UpstreamLine::TestStart { .. }
        | UpstreamLine::TestEnd { passed: true, .. }
        | UpstreamLine::Summary { .. } => None,
    }
}
