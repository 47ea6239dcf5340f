//! The cost model in a run directory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rel4_costmodel::options::{Detail, Options};
use rel4_costmodel::preset::Preset;
use rel4_costmodel::report::{End, Report};
use rel4_costmodel::rules;

use super::{landmarks, plugin, preset};
use crate::config::Machine;
use crate::digest::sha256;
use crate::manifest::{FileRecord, ImageRecord, ModelRecord};
use crate::platform::{Plugin, qemu};
use crate::run::directory::RunDirectory;
use crate::store;
use crate::workspace::Workspace;

/// Puts plugin and preset of the platform called `name` into the run directory, and tells what they are; none for a platform whose
/// clock needs neither.
///
/// # Errors
///
/// The emulator takes no plugin of ours, the plugin does not build, the preset is wrong, or the disk is full.
pub fn begin(
    directory: &RunDirectory,
    name: &str,
    machine: &Machine,
    emulator: &Path,
) -> anyhow::Result<Option<ModelRecord>> {
    if machine.clock.detail().is_none() {
        return Ok(None);
    }
    let keep = |path: PathBuf, bytes: &[u8]| -> anyhow::Result<FileRecord> {
        store::replace(&directory.join(&path), |to| Ok(to.write_all(bytes)?))?;
        Ok(FileRecord { path, sha256: sha256(bytes) })
    };
    let preset = match &machine.preset {
        None => None,
        Some(file) => {
            let preset = preset::load(file)?.to_canonical();
            Some(keep(RunDirectory::model_preset(name), preset.as_bytes())?)
        }
    };
    let built = plugin::build(&Workspace::current()?, &qemu::probe(emulator)?)?;
    let bytes = fs::read(&built).with_context(|| format!("cannot read {}", built.display()))?;
    let plugin = keep(RunDirectory::model_plugin(name), &bytes)?;
    Ok(Some(ModelRecord { plugin, preset, order: Some(machine.order.name().to_owned()) }))
}

/// What the plugin is asked to do for a cell; none where the clock needs none.
///
/// # Errors
///
/// The kernel does not say where its traps arrive.
pub fn plugin_of(
    cell: &str,
    platform: &str,
    machine: &Machine,
    image: &ImageRecord,
) -> anyhow::Result<Option<Plugin>> {
    let Some(detail) = machine.clock.detail() else { return Ok(None) };
    let mut options = Options {
        detail,
        order: machine.order,
        preset: machine.preset.as_ref().map(|_| RunDirectory::model_preset(platform)),
        report: Some(RunDirectory::model_report(cell)),
        heartbeat: Some(RunDirectory::model_heartbeat(cell)),
        ..Options::default()
    };
    // A kernel that was built elsewhere has no symbols that we know: then the stages of its traps are not told apart.
    if let Some(build) = image.build_of_our_kernel() {
        landmarks::mark(&mut options, &build.symbols)?;
    }
    Ok(Some(Plugin { file: RunDirectory::model_plugin(platform), options }))
}

/// Removes what the plugin wrote for the watchdog alone.
///
/// # Errors
///
/// It cannot be removed.
pub fn forget_heartbeat(directory: &RunDirectory, cell: &str) -> anyhow::Result<()> {
    let path = directory.join(RunDirectory::model_heartbeat(cell));
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Reads and checks the report of a cell that ran on `platform`.
///
/// # Errors
///
/// It is missing, damaged, incomplete, or breaks a rule.
pub fn read_report(directory: &Path, cell: &str, platform: &str) -> anyhow::Result<Report> {
    let read = |path: &Path| {
        let path = directory.join(path);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let file = RunDirectory::model_report(cell);
    anyhow::ensure!(
        directory.join(&file).exists(),
        "there is none: the guest never set the exit marker (`rel4_markers::exit`), or the emulator ignored the plugin"
    );
    let report = Report::parse(&read(&file)?)?;
    anyhow::ensure!(report.end == End::Exit, "the guest never set the exit marker (`rel4_markers::exit`)");
    let preset = match report.detail {
        Detail::Schedule => Preset::unit(),
        Detail::Blocks | Detail::EveryInstruction => {
            Preset::from_canonical(&read(&RunDirectory::model_preset(platform))?)?
        }
    };
    let broken: Vec<_> = rules::broken(&report, &preset).iter().map(ToString::to_string).collect();
    anyhow::ensure!(broken.is_empty(), "the cost model breaks its rules: {}", broken.join("; "));
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_that_never_says_that_it_is_done_leaves_no_report() {
        let folder = tempfile::tempdir().expect("temporary directory");
        let error = read_report(folder.path(), "a.r0", "virt").expect_err("nothing is there").to_string();
        assert!(error.starts_with("there is none: the guest never set the exit marker"), "{error}");
    }
}
