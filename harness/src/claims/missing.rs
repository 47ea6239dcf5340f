//! Why a run has no number for a selection: never a silent gap.

use super::select::{Absent, At};
use crate::manifest::Manifest;
use crate::run::Outcome;

/// What is to be said of `at`, for which there is no number of the metric called `metric`.
pub(super) fn reason(at: &At<'_>, metric: &str, absent: Absent, manifest: &Manifest) -> String {
    if let Absent::Ambiguous(cells) = absent {
        return format!("{at} means {cells} cells; the claim must say more");
    }
    let selection = at.selection;
    let prefix = format!("{}.{}.", selection.experiment, selection.kernel);
    if let Some(skipped) = manifest.skipped.iter().find(|cell| cell.id.starts_with(&prefix)) {
        return format!("{at} was skipped: {}", skipped.reason);
    }
    let mut cells = manifest.cells.iter().filter(|cell| at.takes(&cell.meta().key)).peekable();
    if cells.peek().is_some() {
        return match cells.find(|cell| cell.outcome != Outcome::Measured) {
            Some(cell) => format!("{}: {}", cell.id, cell.outcome),
            None => format!("{at} has no metric `{metric}`"),
        };
    }
    let of_experiment = format!("{}.", selection.experiment);
    let planned = |prefix: &str| manifest.planned.iter().any(|id| id.starts_with(prefix));
    if !planned(&of_experiment) {
        format!("the matrix {} has no experiment `{}`", manifest.matrix.name, selection.experiment)
    } else if !planned(&prefix) {
        format!(
            "the matrix {} does not run `{}` on {}",
            manifest.matrix.name, selection.experiment, selection.kernel
        )
    } else if manifest.planned.iter().any(|id| id.starts_with(&prefix) && manifest.cell(id).is_none()) {
        format!("{at} was not run yet")
    } else {
        format!("the matrix {} has no cell {at}", manifest.matrix.name)
    }
}
