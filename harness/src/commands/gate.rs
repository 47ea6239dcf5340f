//! `harness gate`.

use crate::cli::GateArgs;
use crate::commands::run::results_folder;
use crate::exit::Exit;
use crate::gate;
use crate::run::directory::LATEST;

/// Compares a run with a reference.
///
/// # Errors
/// One of the two cannot be read.
pub fn gate(args: &GateArgs) -> anyhow::Result<Exit> {
    let run = args.run.clone().unwrap_or_else(|| results_folder().join(LATEST));
    let comparison = gate::compare(&args.reference, &run)?;
    println!("{comparison}");
    Ok(comparison.exit())
}
