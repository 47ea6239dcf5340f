//! `harness reproduce`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::run::{fresh_directory, run_into};
use crate::claims::{CLAIMS_MARKDOWN, Claim, Table};
use crate::cli::{ReproduceArgs, RunArgs};
use crate::exit::Exit;
use crate::manifest::{Manifest, State};
use crate::report::{self, Findings};
use crate::upstream::published;
use crate::workspace::Workspace;

/// The whole evaluation, and a fair sample of it.
const WHOLE: &str = "eval";
const SAMPLE: &str = "quick";

/// Where the figures and claims of a sample go, in its run directory.
const FOLDER_OF_SAMPLE: &str = "paper-figures";

/// Runs the evaluation, draws all figures, and holds the claims against what was measured.
///
/// # Errors
/// The run cannot be made, or its results cannot be read, drawn or written.
pub fn reproduce(args: &ReproduceArgs) -> anyhow::Result<Exit> {
    let workspace = Workspace::current()?;
    let matrix = if args.quick { SAMPLE } else { WHOLE };
    let run = args.run.clone().unwrap_or_else(|| fresh_directory(matrix));
    let ran = match Manifest::load(&run)? {
        Some(manifest) if manifest.state == State::Complete => {
            println!("{} is complete; nothing is run again", run.display());
            report::exit_of(&manifest)
        }
        _ => {
            let matrix = from_here(workspace.root.join("configs").join(matrix).with_extension("toml"))?;
            run_into(&RunArgs::of_matrix(matrix), &run)?
        }
    };
    let Some(manifest) = Manifest::load(&run)? else {
        bail!("{} holds no run; nothing was measured", run.display());
    };
    let out = args.out.clone().unwrap_or_else(|| {
        // A sample must not take the place of what the whole evaluation drew.
        if args.quick { run.join(FOLDER_OF_SAMPLE) } else { workspace.figure_specifications() }
    });
    Ok(ran.gravest(conclude(&workspace, &run, &manifest, &out)?))
}

/// `path` as seen from the current directory, where that is above it: what is written down then names no machine's folders.
fn from_here(path: PathBuf) -> anyhow::Result<PathBuf> {
    let here = env::current_dir().context("the current directory is gone")?;
    Ok(path.strip_prefix(here).map(Path::to_owned).unwrap_or(path))
}

/// Figures and claims.
fn conclude(workspace: &Workspace, run: &Path, manifest: &Manifest, out: &Path) -> anyhow::Result<Exit> {
    let findings = Findings::from_tables(run)?;
    let drawing = report::draw(&workspace.figure_specifications(), &findings.samples, manifest, out)?;
    let drawn = drawing.print();
    for reason in drawing.left_out {
        println!("figure left out: {reason}");
    }
    let claims = Claim::load_all(&workspace.claims())?;
    let upstream = published::instructions(&workspace.upstream_numbers())?;
    let table = Table::new(&claims, manifest, &findings, &upstream);
    fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    table.save(out)?;
    if out != run {
        table.save(run)?;
    }
    println!("claims: {}\n\n{table}", out.join(CLAIMS_MARKDOWN).display());
    Ok(drawn.gravest(table.exit()))
}
