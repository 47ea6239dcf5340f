//! Earlier runs, from which the gate learns how far unchanged things spread.
//!
//! A folder with one folder a run, each with the run's `manifest.json` and `summary.csv`. Whoever keeps it, in the repository or in the
//! cache of a continuous integration, keeps what was learned.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::conditions;
use crate::manifest::Manifest;
use crate::results::{SUMMARY_FILE, SummaryRow, SummaryTable};

/// The runs of a history that are like the one to be judged.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    runs: Vec<SummaryTable>,
    /// Runs that are there but were made under other conditions.
    pub unlike: usize,
}

impl History {
    /// Reads the runs in `folder` that were made like `run`. A folder that does not exist is an empty history.
    ///
    /// # Errors
    ///
    /// The folder or a run in it cannot be read.
    pub fn load(folder: &Path, run: &Manifest) -> anyhow::Result<Self> {
        let mut history = Self::default();
        for entry in entries(folder)? {
            let manifest = Manifest::load(&entry)?;
            if conditions::differences(manifest.as_ref(), Some(run)).is_empty() {
                history.runs.push(SummaryTable::load(&entry.join(SUMMARY_FILE))?);
            } else {
                history.unlike += 1;
            }
        }
        Ok(history)
    }

    /// Adds the run in `directory` to the history in `folder`.
    ///
    /// # Errors
    ///
    /// It is there already, or cannot be written.
    pub fn remember(folder: &Path, directory: &Path, manifest: &Manifest) -> anyhow::Result<PathBuf> {
        let entry = folder.join(&manifest.run);
        anyhow::ensure!(!entry.exists(), "{} is there already; a run counts once", entry.display());
        let summary = SummaryTable::load(&directory.join(SUMMARY_FILE))?;
        fs::create_dir_all(&entry).with_context(|| format!("cannot make {}", entry.display()))?;
        summary.save(&entry.join(SUMMARY_FILE))?;
        manifest.save(&entry)?;
        Ok(entry)
    }

    /// How many runs it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The medians of the row in all runs that have it.
    #[must_use]
    pub fn medians(&self, row: &SummaryRow) -> Vec<f64> {
        self.runs.iter().filter_map(|run| run.median(&row.key, &row.metric)).collect()
    }
}

/// The runs in `folder`, in the order of their names.
fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let unreadable = || format!("cannot read {}", folder.display());
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        if path.is_dir() {
            entries.push(path);
        }
    }
    entries.sort();
    Ok(entries)
}
