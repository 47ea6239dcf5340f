//! `harness run`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::HumanDuration;

use crate::bootargs::bootargs;
use crate::build;
use crate::cli::RunArgs;
use crate::config::{KernelSource, Machine, MachineKind, Matrix};
use crate::exit::Exit;
use crate::manifest::provenance::{Host, Source, Toolchain};
use crate::manifest::{EmulatorRecord, ImageRecord, MATRIX_FILE, Manifest, MatrixRecord, SCHEMA, State};
use crate::plan::Plan;
use crate::platform::qemu::{self, Qemu};
use crate::platform::{Launch, Platform};
use crate::report;
use crate::run::directory::{Found, LATEST, RunDirectory, inspect};
use crate::run::{Interrupt, Session, Stop, of_run};
use crate::shell;
use crate::stats;
use crate::store;
use crate::time;
use crate::workspace::Workspace;

/// Runs a matrix.
///
/// # Errors
/// The matrix is wrong, the environment lacks something, or the run directory cannot be used.
pub fn run(args: &RunArgs) -> anyhow::Result<Exit> {
    let matrix = Matrix::load(&args.matrix)?;
    let plan = Plan::new(&matrix).filter(&args.filters)?;
    // Every cell's boot arguments must fit before the first one is run.
    for cell in &plan.cells {
        bootargs(cell, SOME_RUN_ID)?;
    }
    let out = args.out.clone().unwrap_or_else(|| fresh_directory(&matrix.name));
    if args.dry_run {
        return dry_run(&matrix, &plan, &out);
    }
    let interrupt = Interrupt::install()?;
    let emulators = emulators(&matrix, &plan)?;
    let found = inspect(&out, &matrix.sha256(), &plan)?;
    let images = match &found {
        Found::Nothing => {
            build::images(plan.kernels().into_iter().map(|name| (name, &matrix.kernels[name])))?
        }
        Found::Unfinished(_) => BTreeMap::new(),
    };
    if interrupt.requested() {
        eprintln!("harness: interrupted before the first cell; nothing was measured");
        return Ok(Exit::Tooling);
    }
    let directory = RunDirectory::open(&out)?;
    // Another harness may have been faster between the look and the lock.
    let manifest = match (found, inspect(&out, &matrix.sha256(), &plan)?) {
        (_, Found::Unfinished(manifest)) => resume(*manifest, &emulators)?,
        (Found::Nothing, Found::Nothing) => begin(&directory, &matrix, &plan, emulators, &images)?,
        (Found::Unfinished(_), Found::Nothing) => anyhow::bail!("{} was removed; run again", out.display()),
    };
    if is_in_results(&out) {
        directory.link_as_latest()?;
    }
    let platforms = platforms(&matrix, &plan);
    let mut session =
        Session { directory: &directory, manifest, matrix: &matrix, platforms, interrupt: &interrupt };
    let stop = session.run(&plan);
    finish(args, directory.path(), &session.manifest, stop)
}

/// A run id of the usual length, where no boot has drawn one yet.
const SOME_RUN_ID: &str = "00000000";

/// Where runs go if the user does not say.
fn results_folder() -> PathBuf {
    Workspace::current().map_or_else(|_| "results".into(), |workspace| workspace.results())
}

/// A name in the results folder that no run has.
fn fresh_directory(matrix: &str) -> PathBuf {
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

fn qemu_for(machine: &Machine) -> Qemu {
    match machine.kind {
        MachineKind::Qemu => Qemu::new(machine),
    }
}

/// The platforms that the plan needs, by name.
fn machines<'a>(matrix: &'a Matrix, plan: &Plan) -> BTreeMap<String, &'a Machine> {
    plan.cells.iter().map(|cell| (cell.platform.clone(), &matrix.platforms[&cell.platform])).collect()
}

fn platforms(matrix: &Matrix, plan: &Plan) -> BTreeMap<String, Box<dyn Platform>> {
    let boxed = |machine: &Machine| Box::new(qemu_for(machine)) as Box<dyn Platform>;
    machines(matrix, plan).into_iter().map(|(name, machine)| (name, boxed(machine))).collect()
}

/// Finds the emulators, so that a missing one is known before anything is built or run.
fn emulators(matrix: &Matrix, plan: &Plan) -> anyhow::Result<BTreeMap<String, EmulatorRecord>> {
    machines(matrix, plan)
        .into_iter()
        .map(|(name, machine)| {
            let program = qemu_for(machine).program;
            let version = qemu::probe(&program)?.text;
            Ok((name, EmulatorRecord { program, version }))
        })
        .collect()
}

/// Puts everything that a new run is made of into its directory.
fn begin(
    directory: &RunDirectory,
    matrix: &Matrix,
    plan: &Plan,
    emulators: BTreeMap<String, EmulatorRecord>,
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
        },
        source: Source::probe(&sources),
        toolchain: Toolchain::probe(),
        emulators,
        firmware: None,
        host: Host::probe(),
        seeds: seeds.into_iter().map(|(name, seed)| (name.to_owned(), seed)).collect(),
        images: kept,
        planned: plan.cells.iter().map(|cell| cell.id.clone()).collect(),
        cells: Vec::new(),
        abandoned: Vec::new(),
    };
    manifest.save(directory.path())?;
    Ok(manifest)
}

/// Takes an unfinished run up again. It goes on with the images that it began with, whatever the sources are now.
fn resume(manifest: Manifest, emulators: &BTreeMap<String, EmulatorRecord>) -> anyhow::Result<Manifest> {
    for (platform, then) in &manifest.emulators {
        let now = emulators.get(platform).map_or("missing", |emulator| emulator.version.as_str());
        anyhow::ensure!(
            then.version == now,
            "the run began with {} on platform `{platform}`, now it is {now}; unlike things are not mixed, start a new run",
            then.version
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

/// Writes what can be derived from the cells, whatever stopped the session, and says what to do next.
fn finish(
    args: &RunArgs,
    directory: &Path,
    manifest: &Manifest,
    stop: anyhow::Result<Stop>,
) -> anyhow::Result<Exit> {
    let report = of_run(directory, manifest).and_then(|samples| {
        report::write(directory, manifest, &samples)?;
        let exit = report::print(directory, manifest, &samples);
        if let Ok(workspace) = Workspace::current() {
            let folder = report::figures_folder(directory);
            for figure in report::draw(&workspace.figure_specifications(), &samples, manifest, &folder)? {
                println!("figure: {}", figure.png.display());
            }
        }
        Ok(exit)
    });
    let next = resume_command(args, directory);
    match stop {
        Err(error) if store::is_disk_full(&error) => Err(error.context(format!(
            "the disk is full; {} finished cell(s) are kept; free some space, then resume with `{next}`",
            manifest.cells.len()
        ))),
        Err(error) => Err(error.context(format!(
            "stopped with {} finished cell(s) kept; resume with `{next}`",
            manifest.cells.len()
        ))),
        Ok(Stop::Interrupted) => {
            eprintln!("harness: interrupted; what is finished is kept; resume with `{next}`");
            Ok(Exit::Tooling)
        }
        Ok(Stop::Done) => {
            if manifest.state == State::Incomplete {
                eprintln!("harness: some cells did not finish; resume with `{next}`");
            }
            report
        }
    }
}

fn resume_command(args: &RunArgs, directory: &Path) -> String {
    let mut words =
        vec!["harness".into(), "run".into(), "--matrix".into(), args.matrix.clone().into_os_string()];
    for filter in &args.filters {
        words.extend(["--filter".into(), filter.into()]);
    }
    words.extend(["--out".into(), directory.as_os_str().to_owned()]);
    shell::line(&words)
}

/// Prints what would be done.
fn dry_run(matrix: &Matrix, plan: &Plan, out: &Path) -> anyhow::Result<Exit> {
    let to_build = plan.kernels().into_iter().map(|name| (name, &matrix.kernels[name]));
    println!("# {} cell(s) into {}", plan.cells.len(), out.display());
    for (name, kernel) in to_build {
        println!("# image of kernel {name}");
        if let KernelSource::Image(path) = &kernel.source {
            println!("# {}", path.display());
            continue;
        }
        for command in build::commands(name, kernel, &Workspace::current()?) {
            println!("{}", shell::line(&command));
        }
    }
    let mut longest = Duration::ZERO;
    for cell in &plan.cells {
        let machine = &matrix.platforms[&cell.platform];
        longest += machine.boot_limit + machine.run_limit;
        let launch = Launch {
            image: &out.join(RunDirectory::image(&cell.kernel)),
            serial: &out.join(RunDirectory::serial(&cell.id)),
            bootargs: &bootargs(cell, SOME_RUN_ID)?,
        };
        println!("# {}", cell.id);
        println!("{}", shell::line(&qemu_for(machine).command(&launch)));
    }
    println!("# {}", estimate(plan, longest));
    Ok(Exit::Done)
}

/// How long the cells will take: as the last run says, or at most what the limits allow.
fn estimate(plan: &Plan, longest: Duration) -> String {
    let last = Manifest::load(&results_folder().join(LATEST)).ok().flatten();
    let known = |manifest: &Manifest| {
        let times = plan.cells.iter().map(|cell| manifest.cell(&cell.id).map(|record| record.host_ms));
        times.sum::<Option<u64>>().map(Duration::from_millis)
    };
    match last.as_ref().and_then(known) {
        Some(time) => format!("about {} (as in the last run), without builds", HumanDuration(time)),
        None => format!("at most {} (all limits together), without builds", HumanDuration(longest)),
    }
}
