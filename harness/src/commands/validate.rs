//! `harness validate`.

use anyhow::bail;

use crate::cli::ValidateArgs;
use crate::commands::run::results_folder;
use crate::exit::Exit;
use crate::manifest::Manifest;
use crate::results::{SUMMARY_FILE, SummaryTable};
use crate::run::directory::LATEST;
use crate::upstream::published;
use crate::upstream::validation::Validation;
use crate::workspace::Workspace;

/// Holds a run's modelled cycles against those of a board.
///
/// # Errors
/// The run or upstream's numbers cannot be read.
pub fn validate(args: &ValidateArgs) -> anyhow::Result<Exit> {
    let run = args.run.clone().unwrap_or_else(|| results_folder().join(LATEST));
    let Some(manifest) = Manifest::load(&run)? else {
        bail!("{} is not a run directory; name one of `harness list runs`", run.display());
    };
    let mut summary = SummaryTable::load(&run.join(SUMMARY_FILE))?;
    summary.rows.retain(|row| args.platforms.is_empty() || args.platforms.contains(&row.key.platform));
    let folder = Workspace::current()?.upstream_numbers();
    let (cycles, instructions) = (published::cycles(&folder)?, published::instructions(&folder)?);
    let validation = Validation::new(&cycles, &instructions, &summary, &manifest);
    validation.save(&run)?;
    print!("{validation}");
    Ok(validation.exit())
}
