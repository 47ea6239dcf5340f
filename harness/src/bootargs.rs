//! Boot arguments: how a cell's parameters reach the root task.

use std::fmt::Write as _;

use thiserror::Error;

use crate::plan::Cell;

/// Every guest gets exactly this many bytes, padded with spaces: their number is part of the device tree, and with it
/// of the instruction counts.
pub const LENGTH: usize = 256;

/// The cell's parameters do not fit.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "cell {cell}: its boot arguments take {length} bytes, but only {LENGTH} fit; shorten names or values"
)]
pub struct TooLong {
    cell: String,
    length: usize,
}

/// The boot arguments of `cell`: run id, program, parameters.
///
/// # Errors
/// They are longer than [`LENGTH`].
pub fn bootargs(cell: &Cell, run_id: &str) -> Result<String, TooLong> {
    let mut text = format!("run={run_id} workload={}", cell.program.name);
    for (name, value) in &cell.parameters {
        // Writing to a String cannot fail.
        let _ = write!(text, " {name}={value}");
    }
    if text.len() > LENGTH {
        return Err(TooLong { cell: cell.id.clone(), length: text.len() });
    }
    Ok(format!("{text:<LENGTH$}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::plan;

    #[test]
    fn every_cell_gets_the_same_length() {
        for cell in &plan().cells {
            let text = bootargs(cell, "0123abcd").expect("fits");
            assert_eq!(text.len(), LENGTH);
            assert!(
                text.starts_with(
                    "run=0123abcd workload=ipc-pingpong batch=4 rounds=10 server_hart=0 warmup=1 words="
                ),
                "{text}"
            );
        }
    }
}
