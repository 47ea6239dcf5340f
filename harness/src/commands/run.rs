//! `harness run`.

use std::path::{Path, PathBuf};

use super::dry_run::dry_run;
use super::gate::{default_history, judge};
use crate::bootargs::bootargs;
use crate::build;
use crate::cli::RunArgs;
use crate::config::Matrix;
use crate::exit::Exit;
use crate::manifest::{Manifest, State};
use crate::page::{self, PAGE_FILE};
use crate::plan::Plan;
use crate::report::{self, Findings};
use crate::run::directory::{Found, RunDirectory, inspect};
use crate::run::{Interrupt, Session, Stop, start};
use crate::shell;
use crate::store;
use crate::time;
use crate::workspace::Workspace;

/// A run id of the usual length, where no boot has drawn one yet.
pub(super) const SOME_RUN_ID: &str = "00000000";

/// Runs a matrix.
///
/// # Errors
/// The matrix is wrong, the environment lacks something, or the run directory cannot be used.
pub fn run(args: &RunArgs) -> anyhow::Result<Exit> {
    let name = args.matrix.file_stem().unwrap_or_default().to_string_lossy();
    let out = args.out.clone().unwrap_or_else(|| fresh_directory(&name));
    run_into(args, &out)
}

/// Runs a matrix into the directory `out`.
///
/// # Errors
/// As [`run`].
pub(super) fn run_into(args: &RunArgs, out: &Path) -> anyhow::Result<Exit> {
    let mut matrix = Matrix::load(&args.matrix)?;
    for pair in &args.parameters {
        matrix.give(pair)?;
    }
    let plan = Plan::new(&matrix).filter(&args.filters)?.skip_absent(&matrix.kernels);
    // Every cell's boot arguments must fit before the first one is run.
    for cell in &plan.cells {
        bootargs(cell, SOME_RUN_ID)?;
    }
    if args.dry_run {
        return dry_run(&matrix, &plan, out);
    }
    if plan.cells.is_empty() {
        report::print_skipped(&plan.skipped);
        eprintln!("harness: every cell is skipped; nothing was measured");
        return Ok(Exit::Inconclusive);
    }
    let interrupt = Interrupt::install()?;
    let platforms = start::platforms(&matrix, &plan);
    let emulators = start::emulators(&platforms)?;
    let needed = match inspect(out, &matrix, &plan)? {
        Found::Nothing => plan.images(),
        // It goes on with the images that it began with.
        Found::Unfinished(_) => Vec::new(),
    };
    let images = build::images(&needed, &matrix.kernels);
    // Ctrl-C also ends the compiler; that is no mistake in what it compiled.
    if interrupt.requested() {
        eprintln!("harness: interrupted before the first cell; nothing was measured");
        return Ok(Exit::Tooling);
    }
    let images = images?;
    let directory = RunDirectory::open(out)?;
    // Another harness may have been faster between the look and the lock.
    let manifest = match inspect(out, &matrix, &plan)? {
        Found::Unfinished(manifest) => start::resume(&directory, *manifest, &emulators)?,
        Found::Nothing => {
            start::begin(&directory, &matrix, &plan, emulators, &images).map_err(if_disk_full)?
        }
    };
    if is_in_results(out) {
        directory.link_as_latest()?;
    }
    let mut session =
        Session { directory: &directory, manifest, matrix: &matrix, platforms, interrupt: &interrupt };
    let stop = session.run(&plan);
    let exit = finish(args, directory.path(), &session.manifest, stop)?;
    match &args.gate {
        Some(reference) if exit != Exit::Tooling => {
            let judged = judge(reference, directory.path(), &default_history(), &interrupt)?;
            Ok(exit.gravest(judged.exit()))
        }
        _ => Ok(exit),
    }
}

/// Says what to do about a disk that is full before the first cell.
fn if_disk_full(error: anyhow::Error) -> anyhow::Error {
    if store::is_disk_full(&error) {
        return error.context("the disk is full; nothing was measured yet; free some space, then run again");
    }
    error
}

/// Where runs go if the user does not say.
pub(super) fn results_folder() -> PathBuf {
    Workspace::current().map_or_else(|_| "results".into(), |workspace| workspace.results())
}

/// A name in the results folder that no run has.
pub(super) fn fresh_directory(matrix: &str) -> PathBuf {
    let name = format!("{}-{matrix}", time::now_for_names());
    let results = results_folder();
    let mut path = results.join(&name);
    let mut count = 2;
    while path.exists() {
        path = results.join(format!("{name}-{count}"));
        count += 1;
    }
    path
}

fn is_in_results(out: &Path) -> bool {
    let folder = out.canonicalize().ok().and_then(|out| out.parent().map(Path::to_owned));
    folder.is_some() && folder == results_folder().canonicalize().ok()
}

/// Writes what can be derived from the cells, whatever stopped the session, and says what to do next.
fn finish(
    args: &RunArgs,
    directory: &Path,
    manifest: &Manifest,
    stop: anyhow::Result<Stop>,
) -> anyhow::Result<Exit> {
    let report = conclude(directory, manifest);
    let (next, kept) = (resume_command(args, directory), manifest.cells.len());
    match stop {
        Ok(Stop::Done) => {
            if manifest.state == State::Incomplete {
                eprintln!("harness: some cells did not finish; resume with `{next}`");
            }
            report
        }
        Ok(Stop::Interrupted) => {
            eprintln!("harness: interrupted; what is finished is kept; resume with `{next}`");
            report.map(|_| Exit::Tooling)
        }
        Err(error) if store::is_disk_full(&error) => Err(error.context(format!(
            "the disk is full; {kept} finished cell(s) are kept; free some space, then resume with `{next}`"
        ))),
        Err(error) => {
            Err(error.context(format!("stopped with {kept} finished cell(s) kept; resume with `{next}`")))
        }
    }
}

/// Summary, test report, figures, page.
fn conclude(directory: &Path, manifest: &Manifest) -> anyhow::Result<Exit> {
    let findings = Findings::from_logs(directory, manifest)?;
    report::write(directory, manifest, &findings)?;
    let mut exit = report::print(directory, manifest, &findings);
    let workspace = Workspace::current().ok();
    if let Some(workspace) = &workspace {
        let folder = report::figures_folder(directory);
        let specifications = workspace.figure_specifications();
        exit = exit.gravest(report::draw(&specifications, &findings.samples, manifest, &folder)?.print());
    }
    let page = directory.join(PAGE_FILE);
    page::write(&page, manifest, &findings, workspace.as_ref())?;
    println!("report: {}", page.display());
    Ok(exit)
}

fn resume_command(args: &RunArgs, directory: &Path) -> String {
    let mut words =
        vec!["harness".into(), "run".into(), "--matrix".into(), args.matrix.clone().into_os_string()];
    for filter in &args.filters {
        words.extend(["--filter".into(), filter.into()]);
    }
    for pair in &args.parameters {
        words.extend(["--param".into(), pair.into()]);
    }
    words.extend(["--out".into(), directory.as_os_str().to_owned()]);
    shell::line(&words)
}
