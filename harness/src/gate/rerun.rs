//! Running suspects again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::conditions;
use crate::build;
use crate::config::Matrix;
use crate::manifest::Manifest;
use crate::plan::Plan;
use crate::report::{self, Findings};
use crate::results::{CellKey, SAMPLES_FILE, SummaryTable};
use crate::run::directory::RunDirectory;
use crate::run::{Interrupt, Session, Stop, start};

/// Where suspects are run again, in a run directory.
const FOLDER: &str = "reruns";

/// Boots the cells `suspects` of the run in `directory` again, every repeat of each, with the images that the run used, and
/// gives their summary. Everything is kept in a run directory of its own.
///
/// # Errors
///
/// The run's matrix or images are not what they were, the cells cannot be run, or the user stopped it.
pub fn rerun(
    directory: &Path,
    suspects: &BTreeSet<CellKey>,
    interrupt: &Interrupt,
) -> anyhow::Result<SummaryTable> {
    let Some(manifest) = Manifest::load(directory)? else {
        bail!("{} has no manifest", directory.display());
    };
    let matrix = matrix(&manifest)?;
    let plan = plan(&manifest, &matrix, suspects);
    let platforms = start::platforms(&matrix, &plan);
    let emulators = start::emulators(&platforms)?;
    let images = images(directory, &manifest, &plan)?;
    let place = RunDirectory::open(&free(&directory.join(FOLDER)))?;
    let begun = start::begin(&place, &matrix, &plan, emulators, &images)?;
    let mut session = Session { directory: &place, manifest: begun, matrix: &matrix, platforms, interrupt };
    if session.run(&plan)? == Stop::Interrupted {
        bail!("interrupted while suspects were run again");
    }
    let again = &session.manifest;
    let differences = conditions::differences(Some(&manifest), Some(again));
    if !differences.is_empty() {
        bail!("things have changed since the run: {}", differences.join("; "));
    }
    let findings = Findings::from_logs(place.path(), again)?;
    findings.samples.save(&place.join(SAMPLES_FILE))?;
    report::write(place.path(), again, &findings)?;
    Ok(findings.summary)
}

/// The matrix that the run was made from.
fn matrix(manifest: &Manifest) -> anyhow::Result<Matrix> {
    let record = &manifest.matrix;
    let mut matrix = Matrix::load(&record.path)?;
    anyhow::ensure!(
        matrix.sha256() == record.sha256,
        "{} has changed since the run was made",
        record.path.display()
    );
    for (name, value) in &record.given {
        matrix.give(&format!("{name}={value}"))?;
    }
    Ok(matrix)
}

/// The run's cells that belong to `suspects`.
fn plan(manifest: &Manifest, matrix: &Matrix, suspects: &BTreeSet<CellKey>) -> Plan {
    let is_suspect = |id: &str| manifest.cell(id).is_some_and(|cell| suspects.contains(&cell.meta().key));
    let mut plan = Plan::new(matrix);
    plan.cells.retain(|cell| is_suspect(&cell.id));
    plan
}

/// The images in the run directory.
fn images(
    directory: &Path,
    manifest: &Manifest,
    plan: &Plan,
) -> anyhow::Result<BTreeMap<String, build::Image>> {
    let image = |name: String| {
        let record = manifest.images.get(&name).with_context(|| format!("the run has no image {name}"))?;
        let path = directory.join(&record.path);
        anyhow::ensure!(path.exists(), "{} is gone", path.display());
        let image = build::Image {
            path,
            sha256: record.sha256.clone(),
            bytes: record.bytes,
            build: record.build.clone(),
        };
        Ok((name, image))
    };
    plan.images().iter().map(|plan| image(plan.name())).collect()
}

/// A folder in `parent` that is not there yet.
fn free(parent: &Path) -> PathBuf {
    (1_u32..)
        .map(|number| parent.join(number.to_string()))
        .find(|path| !path.exists())
        .unwrap_or_else(|| parent.to_owned())
}
