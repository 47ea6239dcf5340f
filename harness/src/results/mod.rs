//! From the records of a boot to CSV files.
//!
//! [`measure`] turns the raw samples of a workload into the metrics that its clock supports → [`SampleTable`] holds
//! them all and is `samples.csv`, one row a sample → [`SummaryTable`] is `summary.csv`, one row per cell and metric.
//! Where a test suite ran, [`TestTable`] is `tests.csv`, one row a test.
//!
//! All of them are functions of what was measured: no dates, no run ids, rows in the order of their cells, so that two
//! runs can be compared as text. They are replaced whole, by renaming, so that a reader or a full disk never leaves half
//! a cell behind. Samples stay raw in the serial logs.

mod bench;

mod call_stages;
mod cell;
pub(crate) mod csv_file;
mod measurement;
mod messages;
mod notification;
mod outside;
mod per_call;
mod raw;
mod sample_table;
mod stages;
mod summary_table;
mod table_error;
mod test_table;

pub use bench::BenchError;
pub use cell::{CellKey, CellMeta, ParametersError};
pub use measurement::{MeasurementError, Series, Witnesses, measure};
pub use sample_table::SampleTable;
pub use summary_table::{SummaryRow, SummaryTable};
pub use table_error::TableError;
pub use test_table::{TestRun, TestStatus, TestTable, count};

/// The file with one row a sample.
pub const SAMPLES_FILE: &str = "samples.csv";

/// The file with one row per cell and metric.
pub const SUMMARY_FILE: &str = "summary.csv";

/// The file with one row per test of a test suite; there is none if no suite ran.
pub const TESTS_FILE: &str = "tests.csv";

#[cfg(test)]
mod tests;
