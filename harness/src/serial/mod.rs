//! From the bytes of a serial line to records, test outcomes and a verdict.
//!
//! `lines` cuts the stream into lines of bounded size → `scanner`, the state machine, recognises what a line says
//! (records with the help of `rel4-records`, the lines of `upstream` seL4's test driver, alarms of kernel and
//! loader), checks that the records follow each other, and reports findings.
//!
//! Two users share that machine: [`Monitor`] watches a running guest and turns findings into [`Event`]s; [`parse`]
//! reads a whole log and adds the [`Verdict`]. No input makes either panic, and the raw log is never changed: what is
//! not understood is free text, what is damaged becomes a [`Problem`] with its place.

mod alarm;
mod finding;
mod lines;
mod log;
mod monitor;
mod problem;
mod record;
mod scanner;
mod sequence;
mod suite;
mod text;
mod upstream;
mod verdict;

pub use log::{SerialLog, parse};
pub use monitor::{Event, Monitor};
pub use problem::{Place, Problem, ProblemKind};
pub use record::Record;
pub use suite::{Suite, TestOutcome, TestResult};
pub use verdict::Verdict;
