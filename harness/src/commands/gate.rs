//! `harness gate`.

use std::path::{Path, PathBuf};

use crate::cli::GateArgs;
use crate::commands::run::results_folder;
use crate::exit::Exit;
use crate::gate::{self, Comparison, History, Verdict};
use crate::manifest::Manifest;
use crate::results::{SUMMARY_FILE, SummaryTable};
use crate::run::Interrupt;
use crate::run::directory::LATEST;

/// The history, in the results folder.
const HISTORY: &str = "history";

/// Compares a run with a reference.
///
/// # Errors
/// One of the two cannot be read, or the user stopped it.
pub fn gate(args: &GateArgs) -> anyhow::Result<Exit> {
    let run = args.run.clone().unwrap_or_else(|| results_folder().join(LATEST));
    let history = args.history.clone().unwrap_or_else(default_history);
    let interrupt = Interrupt::install()?;
    let comparison = judge(&args.reference, &run, &history, &interrupt)?;
    if args.remember && comparison.verdict() == Verdict::Pass {
        remember(&history, &run)?;
    }
    Ok(comparison.exit())
}

/// Where the history is if the user does not say.
pub(super) fn default_history() -> PathBuf {
    results_folder().join(HISTORY)
}

/// Compares, runs suspects again, and says what came of it.
pub(super) fn judge(
    reference: &Path,
    run: &Path,
    history: &Path,
    interrupt: &Interrupt,
) -> anyhow::Result<Comparison> {
    let mut comparison = gate::compare(reference, run, history)?;
    let suspects = comparison.suspects();
    if !suspects.is_empty() && comparison.obstacles.is_empty() {
        println!("gate: {} cells cost more than they may; running them again", suspects.len());
        let again = match gate::rerun(run, &suspects, interrupt) {
            Err(error) if interrupt.requested() => return Err(error),
            Err(error) => {
                println!("gate: they cannot be run again: {error:#}");
                SummaryTable::default()
            }
            Ok(again) => again,
        };
        comparison.confirm(&SummaryTable::load(&reference.join(SUMMARY_FILE))?, &again);
    }
    println!("{comparison}");
    Ok(comparison)
}

fn remember(history: &Path, run: &Path) -> anyhow::Result<()> {
    if let Some(manifest) = Manifest::load(run)? {
        println!("gate: remembered in {}", History::remember(history, run, &manifest)?.display());
    }
    Ok(())
}
