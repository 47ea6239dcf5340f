//! `harness compare`.

use std::path::Path;

use anyhow::bail;

use crate::cli::CompareArgs;
use crate::commands::run::results_folder;
use crate::compare::{Comparison, Run, Side};
use crate::exit::Exit;
use crate::results::{SUMMARY_FILE, SummaryTable};
use crate::run::directory::LATEST;
use crate::upstream;
use crate::upstream::published;
use crate::workspace::Workspace;

/// Compares two runs, two kernels of a run, or a run with upstream.
///
/// # Errors
/// A run or upstream's numbers cannot be read, or the options contradict each other.
pub fn compare(args: &CompareArgs) -> anyhow::Result<Exit> {
    let latest = || results_folder().join(LATEST);
    match (&args.runs[..], &args.between[..]) {
        ([one, other], []) if args.kernels.is_empty() => {
            let (first, second) = (Run::load(one)?, Run::load(other)?);
            let [one, other] = [one, other].map(|path| path.display().to_string());
            sides(args, &Side::whole(one, &first), &Side::whole(other, &second))
        }
        ([_, _], _) => bail!(
            "two runs are compared kernel by kernel; leave out --between and --kernel, or the second run"
        ),
        (runs, [one, other]) => {
            let directory = runs.first().cloned().unwrap_or_else(latest);
            let Run { manifest, findings } = Run::load(&directory)?;
            for kernel in [one, other] {
                if !manifest.cells.iter().any(|cell| cell.kernel == *kernel) {
                    bail!("{} measured no kernel `{kernel}`", directory.display());
                }
            }
            let [one, other] = [one, other].map(|kernel| Side::kernel(kernel, &manifest, &findings));
            sides(args, &one, &other)
        }
        (runs, []) => {
            if args.force || args.csv.is_some() {
                bail!("--force and --csv are for two runs, or for two kernels with --between");
            }
            with_upstream(&runs.first().cloned().unwrap_or_else(latest), &args.kernels)
        }
        (_, _) => bail!("--between takes two kernels, once"),
    }
}

fn sides(args: &CompareArgs, one: &Side<'_>, other: &Side<'_>) -> anyhow::Result<Exit> {
    let comparison = Comparison::new(one, other);
    if !comparison.obstacles.is_empty() && !args.force {
        for obstacle in &comparison.obstacles {
            println!("unlike: {obstacle}");
        }
        println!("not compared; --force compares all the same");
        return Ok(Exit::Inconclusive);
    }
    if let Some(path) = &args.csv {
        comparison.save(path)?;
    }
    print!("{comparison}");
    Ok(comparison.exit())
}

/// Holds a run's instruction counts against upstream's.
fn with_upstream(run: &Path, kernels: &[String]) -> anyhow::Result<Exit> {
    let mut summary = SummaryTable::load(&run.join(SUMMARY_FILE))?;
    summary.rows.retain(|row| kernels.is_empty() || kernels.contains(&row.key.kernel));
    let published = published::instructions(&Workspace::current()?.upstream_numbers())?;
    let comparison = upstream::comparison::Comparison::new(&published, &summary);
    comparison.save(run)?;
    print!("{comparison}");
    Ok(comparison.exit())
}
