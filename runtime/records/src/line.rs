//! A line under construction.

use core::fmt;

use crate::crc::crc32;
use crate::grammar::{CRC_DIGITS, CRC_PREFIX, MAX_LINE};

/// Bytes kept free for the checksum and the line feed.
const TRAILER: usize = CRC_PREFIX.len() + CRC_DIGITS + 1;

/// A record line in a buffer of its own, so that it reaches the sink whole or not at all.
pub(crate) struct Line {
    bytes: [u8; MAX_LINE],
    length: usize,
    /// How far the line may grow at present.
    limit: usize,
}

impl Line {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; MAX_LINE], length: 0, limit: MAX_LINE - TRAILER }
    }

    /// Bytes written so far.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Takes back everything after the first `length` bytes.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// Appends the checksum and the line feed, and gives the finished line.
    pub(crate) fn seal(&mut self) -> Result<&str, fmt::Error> {
        let crc = crc32(self.as_bytes());
        self.limit = MAX_LINE;
        fmt::write(self, format_args!("{CRC_PREFIX}{crc:0CRC_DIGITS$x}\n"))?;
        core::str::from_utf8(self.as_bytes()).map_err(|_| fmt::Error)
    }
}

impl fmt::Write for Line {
    /// Appends `text`, or fails and appends nothing if it does not fit.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        if end > self.limit {
            return Err(fmt::Error);
        }
        self.bytes[self.length..end].copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
