//! Selecting rows of a summary.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use crate::config::Value;
use crate::results::{CellKey, SummaryTable};

/// Which cells, and which metrics of them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// The experiment.
    pub experiment: String,
    /// The kernel.
    pub kernel: String,
    /// The platform, if the experiment has several.
    pub platform: Option<String>,
    /// The metric, or several.
    #[serde(default)]
    pub metric: Names,
    /// Parameters that tell its cells from others.
    #[serde(default)]
    pub parameters: BTreeMap<String, Value>,
}

/// One name or several.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(untagged)]
pub enum Names {
    /// None: all that there are.
    #[default]
    All,
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

impl Names {
    /// The names.
    #[must_use]
    pub fn all(&self) -> &[String] {
        match self {
            Self::All => &[],
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }
}

impl Selection {
    /// The same with the parameters of one `point` of a sweep.
    pub(super) fn at<'s>(&'s self, point: &'s BTreeMap<&'s str, Value>) -> At<'s> {
        At { selection: self, point }
    }
}

/// A selection at a point of a sweep.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'s> {
    /// What is selected.
    pub(super) selection: &'s Selection,
    /// The swept parameters, for cells that have such.
    pub(super) point: &'s BTreeMap<&'s str, Value>,
}

impl At<'_> {
    /// Whether `cell` is selected.
    pub(super) fn takes(&self, cell: &CellKey) -> bool {
        let Selection { experiment, kernel, platform, parameters, .. } = self.selection;
        cell.experiment == *experiment
            && cell.kernel == *kernel
            && platform.as_ref().is_none_or(|platform| cell.platform == *platform)
            && self.suits(parameters, &cell.parameters)
    }

    /// Whether a cell with the parameters `has` has all of `wanted`, and those of the point as far as it has such.
    pub(super) fn suits(&self, wanted: &BTreeMap<String, Value>, has: &BTreeMap<String, Value>) -> bool {
        wanted.iter().all(|(name, value)| has.get(name) == Some(value))
            && self.point.iter().all(|(name, value)| has.get(*name).is_none_or(|found| found == value))
    }

    /// The cell that is selected and has the metric called `metric`.
    pub(super) fn cell<'t>(&self, summary: &'t SummaryTable, metric: &str) -> Result<&'t CellKey, Absent> {
        let mut cells = summary
            .rows
            .iter()
            .filter(|row| row.metric == metric && self.takes(&row.key))
            .map(|row| &row.key);
        let first = cells.next().ok_or(Absent::None)?;
        match cells.count() {
            0 => Ok(first),
            more => Err(Absent::Ambiguous(more + 1)),
        }
    }

    /// The median of the metric called `metric`.
    pub(super) fn median(&self, summary: &SummaryTable, metric: &str) -> Result<f64, Absent> {
        let cell = self.cell(summary, metric)?;
        summary.median(cell, metric).ok_or(Absent::None)
    }
}

/// Why a selection does not give a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    /// There is no such row.
    None,
    /// There are several cells.
    Ambiguous(usize),
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Selection { experiment, kernel, platform, parameters, .. } = self.selection;
        write!(f, "{experiment} / {kernel}")?;
        if let Some(platform) = platform {
            write!(f, " / {platform}")?;
        }
        let swept = self.point.iter().map(|(name, value)| (*name, value));
        let all = parameters.iter().map(|(name, value)| (name.as_str(), value)).chain(swept);
        all.into_iter().try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}
