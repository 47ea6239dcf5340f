//! `harness compare`.

use crate::cli::CompareArgs;
use crate::commands::run::results_folder;
use crate::exit::Exit;
use crate::results::{SUMMARY_FILE, SummaryTable};
use crate::run::directory::LATEST;
use crate::upstream::comparison::Comparison;
use crate::upstream::published;
use crate::workspace::Workspace;

/// Holds a run's instruction counts against upstream's.
///
/// # Errors
/// The run or upstream's numbers cannot be read.
pub fn compare(args: &CompareArgs) -> anyhow::Result<Exit> {
    let run = args.run.clone().unwrap_or_else(|| results_folder().join(LATEST));
    let mut summary = SummaryTable::load(&run.join(SUMMARY_FILE))?;
    summary.rows.retain(|row| args.kernels.is_empty() || args.kernels.contains(&row.key.kernel));
    let published = published::instructions(&Workspace::current()?.upstream_numbers())?;
    let comparison = Comparison::new(&published, &summary);
    comparison.save(&run)?;
    print!("{comparison}");
    Ok(comparison.exit())
}
