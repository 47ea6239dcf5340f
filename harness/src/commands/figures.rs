//! `harness figures`.

use anyhow::bail;

use crate::cli::FiguresArgs;
use crate::exit::Exit;
use crate::manifest::Manifest;
use crate::report;
use crate::results::{SAMPLES_FILE, SampleTable};
use crate::workspace::Workspace;

/// Draws the figures that a run has samples for.
///
/// # Errors
/// The run cannot be read, or a figure cannot be drawn.
pub fn figures(args: &FiguresArgs) -> anyhow::Result<Exit> {
    let Some(manifest) = Manifest::load(&args.run)? else {
        bail!("{} is not a run directory; name one of `harness list runs`", args.run.display());
    };
    let samples = SampleTable::load(&args.run.join(SAMPLES_FILE))?;
    let specifications = match &args.specifications {
        Some(folder) => folder.clone(),
        None => Workspace::current()?.figure_specifications(),
    };
    let out = args.out.clone().unwrap_or_else(|| report::figures_folder(&args.run));
    let drawing = report::draw(&specifications, &samples, &manifest, &out)?;
    if drawing.drawn.is_empty() && drawing.failed.is_empty() {
        bail!(
            "no figure of {} shows an experiment of this run; run another matrix",
            specifications.display()
        );
    }
    Ok(drawing.print())
}
