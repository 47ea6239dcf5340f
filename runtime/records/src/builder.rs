//! One record being written.

use core::fmt::{self, Display, Write};

use crate::grammar::{MARKER, RESERVED_KEYS, is_key, is_value};
use crate::kind::Kind;
use crate::line::Line;
use crate::writer::RecordWriter;

/// Why a record was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteError {
    /// A field's name breaks the rules of [`is_key`], or belongs to the format itself.
    IllegalKey,
    /// A field's value breaks the rules of [`is_value`].
    IllegalValue,
    /// The record already has a field of this name.
    DuplicateKey,
    /// The line would be longer than [`MAX_LINE`](crate::grammar::MAX_LINE).
    TooLong,
    /// The sink refused the finished line.
    Sink,
}

impl Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IllegalKey => "a field name must be a lower-case identifier other than run, seq and crc",
            Self::IllegalValue => "a value must be printable ASCII without spaces and equal signs",
            Self::DuplicateKey => "a record has one field of each name",
            Self::TooLong => "the record does not fit in one line",
            Self::Sink => "the sink refused the line",
        })
    }
}

impl core::error::Error for WriteError {}

/// A record under construction.
///
/// Nothing is written before [`finish`](Self::finish), and the first mistake made on the way is reported there, so
/// that fields can be chained. A record that is dropped unfinished leaves no trace.
#[must_use = "a record is written by `finish`"]
pub struct RecordBuilder<'w, W> {
    writer: &'w mut RecordWriter<W>,
    line: Line,
    outcome: Result<(), WriteError>,
}

impl<'w, W: Write> RecordBuilder<'w, W> {
    pub(crate) fn new(writer: &'w mut RecordWriter<W>, kind: Kind) -> Self {
        let mut line = Line::new();
        let outcome = write!(line, "{MARKER}{kind} run={} seq={}", writer.run().as_str(), writer.next_seq())
            .map_err(|_| WriteError::TooLong);
        Self { writer, line, outcome }
    }

    /// Adds a field whose value is `value` as it displays.
    pub fn field(mut self, key: &str, value: impl Display) -> Self {
        self.outcome = self.outcome.and_then(|()| append_field(&mut self.line, key, value));
        self
    }

    /// Adds a field that holds `values`, separated by commas.
    pub fn list(mut self, key: &str, values: &[u64]) -> Self {
        let taken = self.list_prefix(key, values);
        if taken < values.len() {
            self.outcome = self.outcome.and(Err(WriteError::TooLong));
        }
        self
    }

    /// Adds a list field with as many of `values` as the line can take, and says how many those are.
    pub(crate) fn list_prefix(&mut self, key: &str, values: &[u64]) -> usize {
        let Some((first, rest)) = values.split_first() else {
            self.outcome = self.outcome.and(Err(WriteError::IllegalValue));
            return 0;
        };
        self.outcome = self.outcome.and_then(|()| append_field(&mut self.line, key, first));
        if self.outcome.is_err() {
            return 0;
        }
        let fitting =
            rest.iter().take_while(|value| append(&mut self.line, format_args!(",{value}")).is_ok());
        1 + fitting.count()
    }

    /// Seals the record with its checksum and writes it.
    ///
    /// # Errors
    ///
    /// The first mistake made while the record was built, in which case nothing was written and no sequence number
    /// was used; or [`WriteError::Sink`].
    pub fn finish(mut self) -> Result<(), WriteError> {
        self.outcome?;
        let line = self.line.seal().map_err(|_| WriteError::TooLong)?;
        self.writer.send(line)
    }
}

fn append_field(line: &mut Line, key: &str, value: impl Display) -> Result<(), WriteError> {
    if !is_key(key) || RESERVED_KEYS.contains(&key) {
        return Err(WriteError::IllegalKey);
    }
    if has_field(line.as_bytes(), key) {
        return Err(WriteError::DuplicateKey);
    }
    append(line, format_args!(" {key}="))?;
    let start = line.as_bytes().len();
    append(line, format_args!("{value}"))?;
    if is_value(&line.as_bytes()[start..]) { Ok(()) } else { Err(WriteError::IllegalValue) }
}

fn has_field(line: &[u8], key: &str) -> bool {
    line.split(|&byte| byte == b' ')
        .filter_map(|field| field.strip_prefix(key.as_bytes()))
        .any(|rest| rest.first() == Some(&b'='))
}

/// Appends to the line, or leaves it as it was if there is no room.
fn append(line: &mut Line, text: fmt::Arguments<'_>) -> Result<(), WriteError> {
    let length = line.as_bytes().len();
    line.write_fmt(text).map_err(|_| {
        line.truncate(length);
        WriteError::TooLong
    })
}
