//! `harness report`.

use anyhow::bail;

use crate::cli::ReportArgs;
use crate::commands::run::results_folder;
use crate::exit::Exit;
use crate::manifest::Manifest;
use crate::page::{self, PAGE_FILE};
use crate::report::Findings;
use crate::run::directory::LATEST;
use crate::workspace::Workspace;

/// Writes the page of a run.
///
/// # Errors
/// The run cannot be read, or the page cannot be made or written.
pub fn report(args: &ReportArgs) -> anyhow::Result<Exit> {
    let run = args.run.clone().unwrap_or_else(|| results_folder().join(LATEST));
    let Some(manifest) = Manifest::load(&run)? else {
        bail!("{} is not a run directory; name one of `harness list runs`", run.display());
    };
    let findings = Findings::from_tables(&run)?;
    let page = args.out.clone().unwrap_or_else(|| run.join(PAGE_FILE));
    page::write(&page, &manifest, &findings, Workspace::current().ok().as_ref())?;
    println!("{}", page.display());
    Ok(Exit::Done)
}
