//! Serial records: how a guest hands its measurements to the host over a UART.
//!
//! A record is one line of printable ASCII:
//!
//! ```text
//! @rel4 <kind> run=<id> seq=<n> key=value ... crc=<8 hex digits>\n
//! ```
//!
//! The same crate is compiled into the guest, which writes records, and into the harness, which reads them, so the
//! format has one definition. It is `no_std`, allocates nothing and contains no `unsafe` code.
//!
//! # Principles
//!
//! * A serial line is shared and lossy. Whatever is cut, overwritten or mixed with other output must be *seen* to be
//!   damaged: the checksum covers the whole line, the sequence number shows lines that are gone, the run id shows lines
//!   of another boot, and the `end` record says how many records there were.
//! * A record leaves the writer whole or not at all. A field that breaks the rules is refused before the first byte is
//!   written and costs no sequence number.
//! * Free text may stand before a record on the same line; it never makes a record.
//!
//! # Modules
//!
//! | module | concept |
//! |---|---|
//! | [`grammar`] | the rules of a line: marker, limits, what a key and a value may hold |
//! | [`crc`] | the checksum |
//! | [`kind`] | the five kinds of record and the status of a run |
//! | [`run_id`] | the run id |
//! | [`writer`] | [`RecordWriter`]: sequence numbers, sample blocks, the `end` record |
//! | [`builder`] | [`RecordBuilder`]: one record being written |
//! | [`parse`] | [`parse_line`]: one line being read |
//! | [`record`] | [`Record`]: a record whose checksum holds |

#![no_std]
#![forbid(unsafe_code)]

pub mod builder;
pub mod crc;
pub mod grammar;
pub mod kind;
mod line;
pub mod parse;
pub mod record;
pub mod run_id;
pub mod writer;

pub use builder::{RecordBuilder, WriteError};
pub use kind::{Kind, Status};
pub use parse::{RecordError, candidates, parse_line};
pub use record::{FieldError, Record};
pub use run_id::RunId;
pub use writer::RecordWriter;
