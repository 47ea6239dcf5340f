//! Why a run has no number for a selection: never a silent gap.

use super::select::{Absent, At};
use crate::manifest::Manifest;
use crate::run::Outcome;

/// No number, and what is to be said of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// The run's matrix has the experiment, but does not sample it there.
    NotSampled(String),
    /// Everything else: it was not run, or failed, or measured something else.
    Because(String),
}

impl From<String> for Missing {
    fn from(reason: String) -> Self {
        Self::Because(reason)
    }
}

/// Why there is no number of the metric called `metric` for `at`.
pub(super) fn missing(at: &At<'_>, metric: &str, absent: Absent, manifest: &Manifest) -> Missing {
    let because = because(at, metric, absent, manifest);
    because.map_or_else(
        || Missing::NotSampled(format!("the matrix {} has no cell {at}", manifest.matrix.name)),
        Missing::Because,
    )
}

/// The reason, unless it is that the matrix has no such cell.
fn because(at: &At<'_>, metric: &str, absent: Absent, manifest: &Manifest) -> Option<String> {
    if let Absent::Ambiguous(cells) = absent {
        return Some(format!("{at} means {cells} cells; the claim must say more"));
    }
    let selection = at.selection;
    let prefix = format!("{}.{}.", selection.experiment, selection.kernel);
    if let Some(skipped) = manifest.skipped.iter().find(|cell| cell.id.starts_with(&prefix)) {
        return Some(format!("{at} was skipped: {}", skipped.reason));
    }
    let mut cells = manifest.cells.iter().filter(|cell| at.takes(&cell.meta().key)).peekable();
    if cells.peek().is_some() {
        return Some(match cells.find(|cell| cell.outcome != Outcome::Measured) {
            Some(cell) => format!("{}: {}", cell.id, cell.outcome),
            None => format!("{at} has no metric `{metric}`"),
        });
    }
    let of_experiment = format!("{}.", selection.experiment);
    let planned = |prefix: &str| manifest.planned.iter().any(|id| id.starts_with(prefix));
    if !planned(&of_experiment) {
        Some(format!("the matrix {} has no experiment `{}`", manifest.matrix.name, selection.experiment))
    } else if !planned(&prefix) {
        Some(format!(
            "the matrix {} does not run `{}` on {}",
            manifest.matrix.name, selection.experiment, selection.kernel
        ))
    } else if manifest.planned.iter().any(|id| id.starts_with(&prefix) && manifest.cell(id).is_none()) {
        Some(format!("{at} was not run yet"))
    } else {
        None
    }
}
