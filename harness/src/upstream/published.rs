//! Upstream's numbers.

use std::path::Path;

use serde::Deserialize;

use crate::results::{TableError, csv_file};

/// The file of instruction counts, in the folder of upstream's numbers.
pub const INSTRUCTIONS_FILE: &str = "qemu-instructions.csv";
/// The file of cycles on a board.
pub const CYCLES_FILE: &str = "hifive-cycles.csv";

/// What an operation costs in instructions on an emulator.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Instructions {
    /// The operation's name.
    pub id: String,
    /// What it is.
    pub operation: String,
    /// Instructions, exactly.
    pub instructions: f64,
}

/// The kernel that the cycles were measured with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Build {
    /// For one hart.
    Unicore,
    /// For several.
    Smp,
}

/// What an operation costs in cycles on a board.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Cycles {
    /// The operation's name.
    pub id: String,
    /// What it is.
    pub operation: String,
    /// With which kernel.
    pub build: Build,
    /// The least.
    pub min: f64,
    /// First quartile.
    pub q1: f64,
    /// Median.
    pub median: f64,
    /// Mean.
    pub mean: f64,
    /// Third quartile.
    pub q3: f64,
    /// The most.
    pub max: f64,
    /// Standard deviation.
    pub stddev: f64,
    /// Samples.
    pub n: u32,
}

/// Reads [`INSTRUCTIONS_FILE`] in `folder`.
///
/// # Errors
///
/// It cannot be read or is not such a table.
pub fn instructions(folder: &Path) -> Result<Vec<Instructions>, TableError> {
    read(&folder.join(INSTRUCTIONS_FILE), &["id", "operation", "instructions"])
}

/// Reads [`CYCLES_FILE`] in `folder`.
///
/// # Errors
///
/// It cannot be read or is not such a table.
pub fn cycles(folder: &Path) -> Result<Vec<Cycles>, TableError> {
    let columns = ["id", "operation", "build", "min", "q1", "median", "mean", "q3", "max", "stddev", "n"];
    read(&folder.join(CYCLES_FILE), &columns)
}

fn read<R: serde::de::DeserializeOwned>(path: &Path, header: &[&str]) -> Result<Vec<R>, TableError> {
    let mut rows = Vec::new();
    csv_file::read(path, header, |row| {
        rows.push(row);
        Ok(())
    })?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/upstream")
    }

    #[test]
    fn the_projects_tables_can_be_read() {
        let call = |id: &str| id == "ipc_call";
        let instructions = instructions(&folder()).expect("a table");
        assert_eq!(instructions.iter().find(|row| call(&row.id)).map(|row| row.instructions), Some(249.0));
        let cycles = cycles(&folder()).expect("a table");
        let medians = cycles.iter().filter(|row| call(&row.id)).map(|row| (row.build, row.median));
        assert_eq!(medians.collect::<Vec<_>>(), [(Build::Unicore, 668.0), (Build::Smp, 1146.0)]);
    }

    #[test]
    fn no_operation_is_there_twice() {
        let mut ids: Vec<_> =
            instructions(&folder()).expect("a table").into_iter().map(|row| row.id).collect();
        let all = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }
}
