//! The writing end.

use core::fmt::Write;

use crate::builder::{RecordBuilder, WriteError};
use crate::kind::{Kind, Status};
use crate::run_id::RunId;

/// Writes the records of one boot to `W` and numbers them.
///
/// ```
/// use rel4_records::{Kind, RecordWriter, RunId, Status};
///
/// let run = RunId::new("00c0ffee").expect("a legal run id");
/// let mut records = RecordWriter::new(String::new(), run);
/// records.record(Kind::Begin).field("workload", "ipc-pingpong").field("rounds", 2).finish()?;
/// records.samples("round_trip", "instructions", &[538, 538])?;
/// records.end(Status::Ok)?;
/// assert_eq!(records.into_sink().lines().count(), 3);
/// # Ok::<(), rel4_records::WriteError>(())
/// ```
pub struct RecordWriter<W> {
    sink: W,
    run: RunId,
    next_seq: u64,
}

impl<W: Write> RecordWriter<W> {
    /// A writer for the boot called `run`, whose next record is its first.
    pub const fn new(sink: W, run: RunId) -> Self {
        Self::resume(sink, run, 0)
    }

    /// A writer that goes on after another one of the same boot, for a panic handler that cannot reach the first.
    pub const fn resume(sink: W, run: RunId, next_seq: u64) -> Self {
        Self { sink, run, next_seq }
    }

    /// The boot's run id.
    pub const fn run(&self) -> &RunId {
        &self.run
    }

    /// The sequence number of the next record, which is also the number of records written so far.
    pub const fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Gives the sink back.
    pub fn into_sink(self) -> W {
        self.sink
    }

    /// Starts a record.
    pub fn record(&mut self, kind: Kind) -> RecordBuilder<'_, W> {
        RecordBuilder::new(self, kind)
    }

    /// Writes all samples of a metric in as many `samples` records as they need.
    ///
    /// # Errors
    ///
    /// Those of [`RecordBuilder::finish`].
    pub fn samples(&mut self, metric: &str, unit: &str, values: &[u64]) -> Result<(), WriteError> {
        let mut first = 0;
        while first < values.len() {
            let mut record =
                self.record(Kind::Samples).field("metric", metric).field("unit", unit).field("first", first);
            let taken = record.list_prefix("v", &values[first..]);
            record.finish()?;
            first += taken;
        }
        Ok(())
    }

    /// Writes the boot's last record.
    ///
    /// # Errors
    ///
    /// Those of [`RecordBuilder::finish`].
    pub fn end(&mut self, status: Status) -> Result<(), WriteError> {
        let records = self.next_seq;
        self.record(Kind::End).field("status", status).field("records", records).finish()
    }

    /// Hands one sealed line to the sink.
    pub(crate) fn send(&mut self, line: &str) -> Result<(), WriteError> {
        // A number is used up even if the sink fails half-way: what it wrote may be read as this record.
        self.next_seq += 1;
        self.sink.write_str(line).map_err(|_| WriteError::Sink)
    }
}
