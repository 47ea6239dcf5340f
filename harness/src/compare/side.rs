//! What is compared.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::bail;

use crate::gate::conditions;
use crate::manifest::{BuildRecord, ImageRecord, Manifest};
use crate::report::Findings;
use crate::results::CellKey;

/// A run and what it measured.
#[derive(Debug, Clone)]
pub struct Run {
    /// What it is made of.
    pub manifest: Manifest,
    /// What it measured.
    pub findings: Findings,
}

impl Run {
    /// Reads the run in `directory`.
    ///
    /// # Errors
    ///
    /// It is none, or cannot be read.
    pub fn load(directory: &Path) -> anyhow::Result<Self> {
        let Some(manifest) = Manifest::load(directory)? else {
            bail!("{} is not a run directory; name one of `harness list runs`", directory.display());
        };
        Ok(Self { manifest, findings: Findings::from_tables(directory)? })
    }
}

/// One of the two: a run, or a kernel of it.
#[derive(Debug, Clone)]
pub struct Side<'r> {
    /// What it is called.
    pub name: String,
    /// What the run is made of.
    pub manifest: &'r Manifest,
    /// What it measured.
    pub findings: &'r Findings,
    /// The kernel, if only that is meant.
    pub kernel: Option<String>,
}

impl<'r> Side<'r> {
    /// All of a run, called `name`.
    #[must_use]
    pub fn whole(name: String, run: &'r Run) -> Self {
        Self { name, manifest: &run.manifest, findings: &run.findings, kernel: None }
    }

    /// The kernel called `kernel` of a run.
    #[must_use]
    pub fn kernel(kernel: &str, manifest: &'r Manifest, findings: &'r Findings) -> Self {
        Self { name: kernel.to_owned(), manifest, findings, kernel: Some(kernel.to_owned()) }
    }

    /// Whether `cell` belongs to it.
    pub(super) fn has(&self, cell: &CellKey) -> bool {
        self.kernel.as_ref().is_none_or(|kernel| cell.kernel == *kernel)
    }

    /// What `cell` is called on both sides: kernels that are compared with each other have no name of their own.
    pub(super) fn common(&self, cell: &CellKey) -> CellKey {
        match &self.kernel {
            None => cell.clone(),
            Some(_) => CellKey { kernel: "*".to_owned(), ..cell.clone() },
        }
    }

    /// Why it is not to be compared with `other`, one line each.
    #[must_use]
    pub fn obstacles(&self, other: &Side<'_>) -> Vec<String> {
        if self.kernel.is_some() {
            // They are of one run, whose kernels differ on purpose.
            return Vec::new();
        }
        let mut obstacles = conditions::differences(Some(self.manifest), Some(other.manifest));
        let (ours, theirs) = (self.builds(), other.builds());
        let differs = |name: &&&String| {
            theirs.get(**name).is_some_and(|theirs| {
                let ours = ours[**name];
                (&ours.features, &ours.settings) != (&theirs.features, &theirs.settings)
            })
        };
        let named = |name: &String| format!("kernel {name} is built with other features or settings");
        obstacles.extend(ours.keys().filter(differs).map(|name| named(name)));
        obstacles
    }

    /// How its images were built, as far as their kernels are this workspace's.
    fn builds(&self) -> BTreeMap<&String, &BuildRecord> {
        let built = |(name, image): (&'r String, &'r ImageRecord)| Some((name, image.build_of_our_kernel()?));
        self.manifest.images.iter().filter_map(built).collect()
    }

    /// The order in which the cells of the two kernels were booted, as letters: `ABBA`. None for two runs, which are two sessions.
    #[must_use]
    pub fn order(&self, other: &Side<'_>) -> Option<String> {
        let (one, two) = (self.kernel.as_ref()?, other.kernel.as_ref()?);
        let first = self.manifest.cells.iter().find(|cell| cell.kernel == *one || cell.kernel == *two)?;
        let (first_key, alike) = (first.meta().key, |key: &CellKey| self.common(key));
        let of_first = self.manifest.cells.iter().filter(|cell| alike(&cell.meta().key) == alike(&first_key));
        let letter = |kernel: &String| match kernel {
            kernel if kernel == one => Some('A'),
            kernel if kernel == two => Some('B'),
            _ => None,
        };
        Some(of_first.filter_map(|cell| letter(&cell.kernel)).collect())
    }
}
