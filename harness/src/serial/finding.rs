//! What the state machine reports.

use super::alarm::Alarm;
use super::problem::Problem;
use super::record::Record;
use super::upstream::UpstreamLine;

/// Something found in a serial stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding {
    /// A sound record of this run, in its place.
    Record(Record),
    /// A record that is damaged, missing or out of place.
    Problem(Problem),
    /// A kernel or loader that gave up, with its message.
    Alarm(Alarm, String),
    /// A line of upstream's test driver.
    Upstream(UpstreamLine),
    /// The firmware's name and version.
    Firmware(String),
    /// The kernel runs, but not as it should.
    Warning(String),
}
