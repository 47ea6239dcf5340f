//! The reading end.

use core::fmt;

use crate::crc::crc32;
use crate::grammar::{CRC_DIGITS, CRC_PREFIX, MARKER, MAX_LINE, RESERVED_KEYS, is_key, is_value};
use crate::kind::Kind;
use crate::record::{Record, decimal};

/// Why something that starts like a record is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// Another record starts before this one ends.
    Interleaved,
    /// The line is longer than any record may be.
    TooLong,
    /// The line does not end in a checksum: its tail is missing, or something was printed into it.
    Torn,
    /// The line ends in a checksum, but not in its own.
    BadChecksum {
        /// What the line says.
        written: u32,
        /// What its bytes give.
        computed: u32,
    },
    /// The checksum holds, but the record's kind is not known: its writer is newer or broken.
    UnknownKind,
    /// The checksum holds, but the line does not go on with the run id and the sequence number.
    BadHeader,
    /// The checksum holds, but a field has no legal name, or a name that another field has as well.
    BadKey,
    /// The checksum holds, but a field's value breaks the rules.
    BadValue,
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interleaved => f.write_str("another record starts in the middle of this one"),
            Self::TooLong => write!(f, "the line is longer than the {MAX_LINE} bytes a record may have"),
            Self::Torn => f.write_str("the record does not end in a checksum, so part of it is missing"),
            Self::BadChecksum { written, computed } => write!(
                f,
                "the checksum does not match (line says {written:08x}, its bytes give {computed:08x}), so bytes were changed"
            ),
            Self::UnknownKind => f.write_str("the record is sound but of an unknown kind"),
            Self::BadHeader => f.write_str("the record is sound but does not start with run= and seq="),
            Self::BadKey => f.write_str("the record is sound but has an illegal or repeated field name"),
            Self::BadValue => f.write_str("the record is sound but has an illegal value"),
        }
    }
}

impl core::error::Error for RecordError {}

/// Reads the record in `line`, whatever free text stands before it. `Ok(None)` if the line has no record.
///
/// The line may or may not have its line feed.
///
/// # Errors
///
/// A [`RecordError`] if something in the line starts like a record but is none. A line with several starts is
/// [`RecordError::Interleaved`]; [`candidates`] takes it apart.
pub fn parse_line<'l>(line: &'l (impl AsRef<[u8]> + ?Sized)) -> Result<Option<Record<'l>>, RecordError> {
    let mut candidates = candidates(line.as_ref());
    match (candidates.next(), candidates.next()) {
        (None, _) => Ok(None),
        (Some((_, candidate)), None) => parse_candidate(candidate).map(Some),
        (Some(_), Some(_)) => Err(RecordError::Interleaved),
    }
}

/// The parts of `line` that start like a record, with their offsets: each reaches to the next start or the line's end.
pub fn candidates(line: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut next = find_marker(line, 0);
    core::iter::from_fn(move || {
        let start = next?;
        next = find_marker(line, start + MARKER.len());
        Some((start, &line[start..next.unwrap_or(line.len())]))
    })
}

fn find_marker(line: &[u8], from: usize) -> Option<usize> {
    let marker = MARKER.as_bytes();
    line.get(from..)?
        .windows(marker.len())
        .position(|window| window == marker)
        .map(|position| from + position)
}

/// Reads a record that starts at the first byte of `candidate`.
fn parse_candidate(candidate: &[u8]) -> Result<Record<'_>, RecordError> {
    let line = candidate.strip_suffix(b"\n").unwrap_or(candidate);
    // Consoles may turn a line feed into carriage return and line feed.
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() >= MAX_LINE {
        return Err(RecordError::TooLong);
    }
    let (covered, written) = split_checksum(line).ok_or(RecordError::Torn)?;
    let computed = crc32(covered);
    if written != computed {
        return Err(RecordError::BadChecksum { written, computed });
    }
    parse_fields(core::str::from_utf8(covered).map_err(|_| RecordError::BadValue)?)
}

/// Splits a line into what its checksum covers and the checksum. `None` if it does not end in one.
fn split_checksum(line: &[u8]) -> Option<(&[u8], u32)> {
    let (rest, digits) = line.split_at_checked(line.len().checked_sub(CRC_DIGITS)?)?;
    let covered = rest.strip_suffix(CRC_PREFIX.as_bytes())?;
    let canonical = digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let digits = core::str::from_utf8(digits).ok().filter(|_| canonical)?;
    Some((covered, u32::from_str_radix(digits, 16).ok()?))
}

/// Reads the fields of a line whose checksum holds.
fn parse_fields(line: &str) -> Result<Record<'_>, RecordError> {
    let line = line.strip_prefix(MARKER).ok_or(RecordError::BadHeader)?;
    let (kind, line) = line.split_once(' ').ok_or(RecordError::BadHeader)?;
    let kind = Kind::from_name(kind).ok_or(RecordError::UnknownKind)?;
    let (run, line) =
        line.strip_prefix("run=").and_then(|line| line.split_once(' ')).ok_or(RecordError::BadHeader)?;
    let line = line.strip_prefix("seq=").ok_or(RecordError::BadHeader)?;
    let (seq, body) = line.split_once(' ').unwrap_or((line, ""));
    let seq = decimal(seq).ok_or(RecordError::BadHeader)?;
    if !is_value(run.as_bytes()) {
        return Err(RecordError::BadHeader);
    }
    check_body(body)?;
    Ok(Record { kind, run, seq, body })
}

fn check_body(body: &str) -> Result<(), RecordError> {
    if body.is_empty() {
        return Ok(());
    }
    for (index, field) in body.split(' ').enumerate() {
        let (key, value) = field.split_once('=').ok_or(RecordError::BadKey)?;
        let repeated = body.split(' ').take(index).any(|other| other.split('=').next() == Some(key));
        if !is_key(key) || repeated || RESERVED_KEYS.contains(&key) {
            return Err(RecordError::BadKey);
        }
        if !is_value(value.as_bytes()) {
            return Err(RecordError::BadValue);
        }
    }
    Ok(())
}
