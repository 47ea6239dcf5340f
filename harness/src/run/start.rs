//! The start of a run, or of another session of an unfinished one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::directory::RunDirectory;
use crate::build;
use crate::config::Matrix;
use crate::costmodel::setup;
use crate::digest;
use crate::manifest::provenance::{Host, Source, Toolchain};
use crate::manifest::{ImageRecord, MATRIX_FILE, Manifest, MatrixRecord, SCHEMA, State};
use crate::plan::Plan;
use crate::platform::{self, Emulator, Platform, qemu};
use crate::stats;
use crate::store;
use crate::time;
use crate::workspace::Workspace;

/// The platforms that the plan needs, by name.
#[must_use]
pub fn platforms(matrix: &Matrix, plan: &Plan) -> BTreeMap<String, Box<dyn Platform>> {
    let names: BTreeSet<&String> = plan.cells.iter().map(|cell| &cell.platform).collect();
    names.into_iter().map(|name| (name.clone(), platform::of(&matrix.platforms[name]))).collect()
}

/// Finds the emulators, so that a missing one is known before anything is built or run.
///
/// # Errors
/// One is missing or cannot be used.
pub fn emulators(
    platforms: &BTreeMap<String, Box<dyn Platform>>,
) -> anyhow::Result<BTreeMap<String, Emulator>> {
    platforms.iter().map(|(name, platform)| Ok((name.clone(), platform.emulator()?))).collect()
}

/// Puts everything that a new run is made of into its directory.
///
/// # Errors
/// Something cannot be written.
pub fn begin(
    directory: &RunDirectory,
    matrix: &Matrix,
    plan: &Plan,
    emulators: BTreeMap<String, Emulator>,
    images: &BTreeMap<String, build::Image>,
) -> anyhow::Result<Manifest> {
    let mut kept = BTreeMap::new();
    for (name, image) in images {
        let path = RunDirectory::image(name);
        build::keep(image, &directory.join(&path))?;
        kept.insert(
            name.clone(),
            ImageRecord {
                path,
                sha256: image.sha256.clone(),
                bytes: image.bytes,
                build: image.build.clone(),
            },
        );
    }
    let mut models = BTreeMap::new();
    for (name, emulator) in &emulators {
        let model = setup::begin(directory, name, &matrix.platforms[name], &emulator.program)?;
        models.extend(model.map(|model| (name.clone(), model)));
    }
    store::replace(&directory.join(MATRIX_FILE), |file| Ok(file.write_all(matrix.text.as_bytes())?))?;
    let sources = Workspace::current().map_or_else(|_| PathBuf::from("."), |workspace| workspace.root);
    let seeds = [("emulator", qemu::SEED), ("bootstrap", stats::BOOTSTRAP_SEED)];
    let manifest = Manifest {
        schema: SCHEMA,
        run: directory.name(),
        state: State::Incomplete,
        started: time::now(),
        finished: None,
        matrix: MatrixRecord {
            name: matrix.name.clone(),
            path: matrix.path.clone(),
            sha256: matrix.sha256(),
            given: matrix.given.clone(),
        },
        source: Source::probe(&sources),
        toolchain: Toolchain::probe(),
        emulators,
        firmware: None,
        host: Host::probe(),
        seeds: seeds.into_iter().map(|(name, seed)| (name.to_owned(), seed)).collect(),
        models,
        images: kept,
        planned: plan.cells.iter().map(|cell| cell.id.clone()).collect(),
        skipped: plan.skipped.clone(),
        cells: Vec::new(),
        abandoned: Vec::new(),
    };
    manifest.save(directory.path())?;
    Ok(manifest)
}

/// Takes an unfinished run up again. It goes on with the images that it began with, whatever the sources are now.
///
/// # Errors
/// Images or emulators are not what they were.
pub fn resume(
    directory: &RunDirectory,
    manifest: Manifest,
    emulators: &BTreeMap<String, Emulator>,
) -> anyhow::Result<Manifest> {
    let images = manifest.images.values().map(|image| (&image.path, &image.sha256));
    let models = manifest
        .models
        .values()
        .flat_map(|model| [Some(&model.plugin), model.preset.as_ref(), model.order_preset.as_ref()]);
    let models = models.flatten().map(|file| (&file.path, &file.sha256));
    for (path, sha256) in images.chain(models) {
        digest::verify(&directory.join(path), sha256)?;
    }
    for (platform, then) in &manifest.emulators {
        let now = emulators.get(platform);
        let version = now.map_or("missing", |emulator| emulator.version.as_str());
        anyhow::ensure!(
            then.version == version
                && (then.sha256.is_none() || now.is_some_and(|now| now.sha256 == then.sha256)),
            "the run began with {} on platform `{platform}`, now it is {version}{}; unlike things are not mixed, start a new run",
            then.version,
            if then.version == version { " in another build" } else { "" }
        );
    }
    eprintln!(
        "resuming {}: {} of {} cells are finished",
        manifest.run,
        manifest.cells.len(),
        manifest.planned.len()
    );
    Ok(manifest)
}
