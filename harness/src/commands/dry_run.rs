//! `harness run --dry-run`.

use std::path::Path;
use std::time::Duration;

use indicatif::HumanDuration;

use super::run::{SOME_RUN_ID, results_folder};
use crate::bootargs::bootargs;
use crate::build;
use crate::config::{KernelSource, Matrix};
use crate::exit::Exit;
use crate::manifest::Manifest;
use crate::plan::Plan;
use crate::platform::{self, Launch};
use crate::run::directory::{LATEST, RunDirectory};
use crate::shell;
use crate::workspace::Workspace;

/// Prints what would be done.
pub(super) fn dry_run(matrix: &Matrix, plan: &Plan, out: &Path) -> anyhow::Result<Exit> {
    println!("# {} cell(s) into {}", plan.cells.len(), out.display());
    for image in plan.images() {
        let kernel = &matrix.kernels[&image.kernel];
        println!("# image {}", image.name());
        if let KernelSource::Image(path) = &kernel.source {
            println!("# {}", path.display());
            continue;
        }
        for command in build::commands(&image, kernel, &Workspace::current()?) {
            println!("{}", shell::line(&command));
        }
    }
    let mut longest = Duration::ZERO;
    for cell in &plan.cells {
        let machine = &matrix.platforms[&cell.platform];
        longest += machine.boot_limit + machine.run_limit;
        let (image, serial) = (RunDirectory::image(&cell.image().name()), RunDirectory::serial(&cell.id));
        let launch = Launch {
            folder: out,
            image: Path::new(&image),
            serial: Path::new(&serial),
            bootargs: &bootargs(cell, SOME_RUN_ID)?,
            // What it is asked to do depends on the kernel, which is not built yet.
            plugin: None,
        };
        println!("# {}, in {}", cell.id, out.display());
        println!("{}", shell::line(&platform::of(machine).command(&launch)));
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
