//! What clients measure, one row a message.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::results::{TableError, csv_file};

const COLUMNS: [&str; 3] = ["client", "sent_ns", "received_ns"];

/// A message and its answer, in nanoseconds of the host since the clients began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// The client.
    pub client: u32,
    /// When it gave the message to its system.
    pub sent_ns: u64,
    /// When it had the last byte of the answer from there.
    pub received_ns: u64,
}

/// Writes `exchanges` to `path`, all or nothing.
///
/// # Errors
/// The file cannot be written.
pub fn save(path: &Path, exchanges: &[Exchange]) -> anyhow::Result<()> {
    csv_file::replace(path, &COLUMNS, exchanges.iter())
}

/// Reads what [`save`] writes.
///
/// # Errors
/// The file cannot be read, or is no table of exchanges.
pub fn load(path: &Path) -> Result<Vec<Exchange>, TableError> {
    let mut exchanges = Vec::new();
    csv_file::read(path, &COLUMNS, |exchange: Exchange| {
        if exchange.received_ns < exchange.sent_ns {
            return Err("the answer came before the message".to_owned());
        }
        exchanges.push(exchange);
        Ok(())
    })?;
    Ok(exchanges)
}
