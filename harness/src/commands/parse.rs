//! `harness parse`.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::cli::ParseArgs;
use crate::exit::Exit;
use crate::manifest::Manifest;
use crate::report::{self, Findings};
use crate::results::SAMPLES_FILE;
use crate::serial::{self, Verdict};

/// Reads a log, or a run's logs.
///
/// # Errors
/// What is named cannot be read, or is neither.
pub fn parse(args: &ParseArgs) -> anyhow::Result<Exit> {
    if args.path.is_dir() { parse_run(&args.path) } else { parse_log(&args.path) }
}

fn parse_run(directory: &Path) -> anyhow::Result<Exit> {
    let Some(manifest) = Manifest::load(directory)? else {
        bail!(
            "{} is not a run directory; name one of `harness list runs` or a serial log",
            directory.display()
        );
    };
    let findings = Findings::from_logs(directory, &manifest)?;
    findings.samples.save(&directory.join(SAMPLES_FILE))?;
    report::write(directory, &manifest, &findings)?;
    Ok(report::print(directory, &manifest, &findings))
}

fn parse_log(path: &Path) -> anyhow::Result<Exit> {
    let bytes = fs::read(path)
        .with_context(|| format!("cannot read {}; name a serial log or a run directory", path.display()))?;
    let log = serial::parse(&bytes, None);
    for problem in &log.problems {
        println!("{}: {problem}", path.display());
    }
    println!("{}: {} records, {}", path.display(), log.records.len(), log.verdict);
    Ok(match log.verdict {
        Verdict::Complete => Exit::Done,
        Verdict::Incomplete(_) => Exit::Inconclusive,
        Verdict::Failed(_)
        | Verdict::KernelPanic(_)
        | Verdict::LoaderPanic(_)
        | Verdict::UnhandledFault(_) => Exit::Failed,
    })
}
