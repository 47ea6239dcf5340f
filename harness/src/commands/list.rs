//! `harness list`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;

use crate::cli::{ListArgs, Listing};
use crate::config::{Kernel, KernelSource, Machine, Matrix, Profile, Value, Workload};
use crate::exit::Exit;
use crate::manifest::{Manifest, State};
use crate::plan::Plan;
use crate::run::directory::LATEST;
use crate::workspace::Workspace;

/// Shows what there is.
///
/// # Errors
/// The matrix is wrong, or the results folder cannot be read.
pub fn list(args: &ListArgs) -> anyhow::Result<Exit> {
    if args.what == Some(Listing::Runs) {
        runs(&Workspace::current()?.results())?;
        return Ok(Exit::Done);
    }
    let matrix = Matrix::load(&args.matrix)?;
    let sections = [
        (Listing::Kernels, "Kernels", each(&matrix.kernels, kernel)),
        (Listing::Platforms, "Platforms", each(&matrix.platforms, platform)),
        (Listing::Workloads, "Workloads", each(&matrix.workloads, workload)),
        (Listing::Experiments, "Experiments", experiments(&matrix)),
    ];
    for (listing, title, text) in sections {
        match args.what {
            None => println!("{title}\n\n{text}"),
            Some(what) if what == listing => print!("{text}"),
            Some(_) => {}
        }
    }
    Ok(Exit::Done)
}

fn each<T>(table: &BTreeMap<String, T>, describe: impl Fn(&T) -> String) -> String {
    table.iter().map(|(name, entry)| format!("{name}: {}\n", describe(entry))).collect()
}

fn kernel(kernel: &Kernel) -> String {
    match &kernel.source {
        KernelSource::Elf { path, max_harts } => {
            format!("the kernel {}; up to {max_harts} hart(s)", path.display())
        }
        KernelSource::Image(path) => format!("the image {}", path.display()),
        KernelSource::Build { features, profile, settings } => {
            let features: Vec<&str> = features.iter().map(|feature| feature.name()).collect();
            let debug = if *profile == Profile::Debug { ", debug" } else { "" };
            format!("{}{debug}; up to {} hart(s)", features.join(", "), settings.max_harts)
        }
    }
}

fn platform(machine: &Machine) -> String {
    format!(
        "{} on {}, {} hart(s), {} MiB, clock {}",
        machine.cpu,
        machine.machine,
        machine.harts,
        machine.memory_mib,
        machine.clock.name()
    )
}

fn workload(workload: &Workload) -> String {
    let parameters = workload.program.parameters.iter().map(|parameter| {
        let given =
            workload.parameters.get(parameter.name).map_or(String::new(), |value| format!(" = {value}"));
        format!("\n  {}{given}: {}", parameter.name, parameter.about)
    });
    format!("{}, {}{}", workload.program.name, workload.program.about, parameters.collect::<String>())
}

fn experiments(matrix: &Matrix) -> String {
    let plan = Plan::new(matrix);
    let mut lines = Vec::new();
    for experiment in &matrix.experiments {
        let cells = plan.cells.iter().filter(|cell| cell.experiment == experiment.id).count();
        lines.push(format!(
            "{}: {} on {} x {}, {cells} cell(s)\n",
            experiment.id,
            experiment.workload,
            experiment.kernels.join(", "),
            experiment.platforms.join(", "),
        ));
        lines.extend(experiment.fixed.iter().map(|(name, value)| format!("  {name} = {value}\n")));
        lines.extend(experiment.sweep.iter().map(|(name, values)| {
            let values: Vec<String> = values.iter().map(Value::to_string).collect();
            format!("  {name} = {}\n", values.join(", "))
        }));
    }
    lines.concat()
}

/// The runs in `results`, oldest first.
fn runs(results: &Path) -> anyhow::Result<()> {
    let Ok(entries) = fs::read_dir(results) else { return Ok(()) };
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read {}", results.display()))?;
        if entry.file_name() != LATEST && entry.path().is_dir() {
            folders.push(entry.path());
        }
    }
    folders.sort();
    for folder in folders {
        let Some(manifest) = Manifest::load(&folder)? else { continue };
        let state = match manifest.state {
            State::Complete => "complete",
            State::Incomplete => "unfinished",
        };
        println!(
            "{}: {state}, {} of {} cells, matrix {}, started {}",
            folder.display(),
            manifest.cells.len(),
            manifest.planned.len(),
            manifest.matrix.name,
            manifest.started
        );
    }
    Ok(())
}
