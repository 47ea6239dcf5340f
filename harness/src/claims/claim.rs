//! A claim, as its file has it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::select::Selection;
use crate::config::{Diagnostic, Value};
use crate::manifest::Manifest;

/// What is claimed of a quantity.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Its name: the experiment of the evaluation and what of it, such as `E4-slowpath-32`.
    pub id: String,
    /// What is claimed, in words.
    pub claim: String,
    /// What the paper says, in words; a dash where it says nothing.
    pub paper: String,
    /// From where on the paper's own claim holds, where it can be told.
    pub paper_bound: Option<Bound>,
    /// What we want to reach.
    pub target: Bound,
    /// The unit of the quantity: `times`, `traps a call`.
    pub unit: String,
    /// What is measured.
    pub quantity: Quantity,
    /// Parameters with several values: the claim must hold for each combination, and the worst is shown. They apply wherever cells have
    /// such a parameter.
    #[serde(default)]
    pub each: BTreeMap<String, Vec<Value>>,
    /// What a failure is put down to.
    pub blame: Option<Blame>,
}

/// From where on something holds.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Bound {
    /// So much or more.
    AtLeast(f64),
    /// So much or less.
    AtMost(f64),
}

/// What is measured.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Quantity {
    /// The median of what is selected.
    Median(Selection),
    /// One median divided by another.
    Ratio {
        /// What is divided.
        of: Selection,
        /// What it is divided by.
        by: Selection,
    },
    /// How far the sum of the medians of parts is from the median of the whole, as a share of it.
    Gap {
        /// The parts: several metrics.
        parts: Selection,
        /// The whole.
        whole: Selection,
    },
    /// The geometric mean of the ratios of all metrics that two selections share. They name no metric.
    GeometricMean {
        /// What is divided.
        of: Selection,
        /// What it is divided by.
        by: Selection,
    },
    /// The largest ratio of a median to upstream's own instruction count of that name.
    Upstream(Selection),
    /// Tests of a suite that neither passed nor said what they miss.
    TestsNotPassed(Selection),
}

/// The stages among which the one that costs the most is looked for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blame {
    /// The stages: several metrics of one cell.
    pub stages: Selection,
}

/// A file of claims.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    claims: Vec<Claim>,
}

/// A file of claims that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// The file or folder cannot be read.
    #[error("cannot read the claims {path}", path = path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file says something that is not understood.
    #[error("{0}")]
    Invalid(Diagnostic),
}

impl Claim {
    /// Reads every `*.toml` file in `folder`, in the order of their names.
    ///
    /// # Errors
    ///
    /// The folder or a file cannot be read, or a file holds no claims.
    pub fn load_all(folder: &Path) -> Result<Vec<Self>, ClaimError> {
        let unreadable = |source| ClaimError::Unreadable { path: folder.to_owned(), source };
        let entries = fs::read_dir(folder).map_err(unreadable)?;
        let paths: io::Result<Vec<_>> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
        let mut paths = paths.map_err(unreadable)?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        paths.sort();
        let mut claims = Vec::new();
        for path in paths {
            let text = fs::read_to_string(&path)
                .map_err(|source| ClaimError::Unreadable { path: path.clone(), source })?;
            claims.extend(Self::parse(&path, &text)?);
        }
        Ok(claims)
    }

    /// Whether it speaks of an experiment that `manifest` has planned or skipped.
    #[must_use]
    pub fn speaks_of(&self, manifest: &Manifest) -> bool {
        let skipped = manifest.skipped.iter().map(|cell| &cell.id);
        let experiments: BTreeSet<_> =
            manifest.planned.iter().chain(skipped).filter_map(|id| id.split('.').next()).collect();
        self.quantity.selections().iter().any(|selection| experiments.contains(selection.experiment.as_str()))
    }

    /// Reads the claims in `text`; `path` names it in messages.
    ///
    /// # Errors
    ///
    /// The text holds no claims.
    pub fn parse(path: &Path, text: &str) -> Result<Vec<Self>, ClaimError> {
        let file: File = toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or_default();
            ClaimError::Invalid(Diagnostic::at(path, text, span, error.message().to_owned()))
        })?;
        Ok(file.claims)
    }
}

impl Quantity {
    /// All that it selects.
    fn selections(&self) -> Vec<&Selection> {
        match self {
            Self::Median(one) | Self::Upstream(one) | Self::TestsNotPassed(one) => vec![one],
            Self::Ratio { of: one, by: other }
            | Self::GeometricMean { of: one, by: other }
            | Self::Gap { parts: one, whole: other } => vec![one, other],
        }
    }
}

impl Bound {
    /// Whether `value` is on its good side.
    #[must_use]
    pub fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }

    /// The one of two values that is further from its good side.
    #[must_use]
    pub fn worse(self, one: f64, other: f64) -> f64 {
        match self {
            Self::AtLeast(_) => one.min(other),
            Self::AtMost(_) => one.max(other),
        }
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, "≥ {least}"),
            Self::AtMost(most) => write!(f, "≤ {most}"),
        }
    }
}
