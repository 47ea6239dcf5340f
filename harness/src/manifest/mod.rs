//! `manifest.json`: what a run is made of and how far it came.
//!
//! It is rewritten after every cell. A cell that is listed here is finished and is never run again; everything else in
//! the run directory but the serial logs can be derived from it and them. Facts about the environment are probed
//! ([`provenance`]), never typed.

pub mod provenance;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::config::{Clock, Value};
use crate::plan::Skipped;
use crate::platform::Emulator;
use crate::results::{CellKey, CellMeta};
use crate::run::Outcome;
use crate::store;
use provenance::{Host, Source, Toolchain};

/// The file's name in a run directory.
pub const MANIFEST_FILE: &str = "manifest.json";
/// The copy of the matrix in a run directory.
pub const MATRIX_FILE: &str = "matrix.toml";
/// The form of the file; raised with every change that older readers would misread.
pub const SCHEMA: u32 = 1;

/// How far a run came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Some planned cells are not finished.
    Incomplete,
    /// Every planned cell is finished.
    Complete,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`] when it was written.
    pub schema: u32,
    /// The run directory's name.
    pub run: String,
    /// How far it came.
    pub state: State,
    /// When it was started, in UTC.
    pub started: String,
    /// When the last cell ended, in UTC.
    pub finished: Option<String>,
    /// The matrix.
    pub matrix: MatrixRecord,
    /// The sources of harness and guests.
    pub source: Source,
    /// What compiled the guests.
    pub toolchain: Toolchain,
    /// The emulator of each platform.
    pub emulators: BTreeMap<String, Emulator>,
    /// The firmware, as it names itself on the serial line.
    pub firmware: Option<String>,
    /// The machine that ran it all.
    pub host: Host,
    /// Seeds of everything that draws random numbers.
    pub seeds: BTreeMap<String, u64>,
    /// The cost model's plugin and preset, for each platform that uses them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub models: BTreeMap<String, ModelRecord>,
    /// The boot images, by name.
    pub images: BTreeMap<String, ImageRecord>,
    /// The ids of all cells, in the order of the plan.
    pub planned: Vec<String>,
    /// The cells that could not be run here, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
    /// The finished cells, in the order in which they ran.
    pub cells: Vec<CellRecord>,
    /// Attempts at cells that the tooling did not bring to an end.
    pub abandoned: Vec<CellRecord>,
}

/// The matrix of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatrixRecord {
    /// Its name.
    pub name: String,
    /// Where it was read from.
    pub path: PathBuf,
    /// SHA-256 of its text.
    pub sha256: String,
    /// Parameters that the command line gave in place of the file's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub given: BTreeMap<String, Value>,
}

/// What a platform's cost model is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRecord {
    /// The plugin.
    pub plugin: FileRecord,
    /// The preset in the plugin's own form; none for the schedule alone.
    pub preset: Option<FileRecord>,
    /// By which clock harts took turns, as the matrix names it; none in a run of before there was a choice.
    #[serde(default)]
    pub order: Option<String>,
    /// The preset by whose cycles they took turns, in the plugin's own form, if that was one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_preset: Option<FileRecord>,
}

/// A file that a run is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// The copy in the run directory, relative to it.
    pub path: PathBuf,
    /// SHA-256 of it.
    pub sha256: String,
}

/// A boot image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageRecord {
    /// The copy in the run directory, relative to it.
    pub path: PathBuf,
    /// SHA-256 of the image.
    pub sha256: String,
    /// Its size, in bytes.
    pub bytes: u64,
    /// How it was made, if the harness made it.
    pub build: Option<BuildRecord>,
}

impl ImageRecord {
    /// How the image was made, if its kernel is this workspace's.
    #[must_use]
    pub fn build_of_our_kernel(&self) -> Option<&BuildRecord> {
        self.build.as_ref().filter(|build| !build.features.is_empty())
    }
}

/// How an image was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildRecord {
    /// The kernel's features; none if it was built elsewhere.
    pub features: Vec<String>,
    /// The kernel's build settings, as its build sees them.
    pub settings: BTreeMap<String, String>,
    /// The parts: kernel, loader, root task.
    pub parts: BTreeMap<String, PartRecord>,
    /// Where the cost model has to look in the parts, by symbol.
    #[serde(default)]
    pub symbols: BTreeMap<String, u64>,
}

/// A part of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartRecord {
    /// SHA-256 of its ELF file.
    pub sha256: String,
    /// Size of its ELF file, in bytes.
    pub bytes: u64,
}

/// One boot of one cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellRecord {
    /// The cell's id.
    pub id: String,
    /// The id without the repeat.
    pub group: String,
    /// The experiment's id.
    pub experiment: String,
    /// The kernel's name.
    pub kernel: String,
    /// The platform's name.
    pub platform: String,
    /// Number of harts.
    pub harts: u32,
    /// The workload's name.
    pub workload: String,
    /// The workload's parameters.
    pub parameters: BTreeMap<String, Value>,
    /// Which repeat it was, from 0.
    pub repeat: u32,
    /// What the guest's counters counted.
    pub clock: Clock,
    /// The id that every record of this boot carries.
    pub run_id: String,
    /// The full command line, program first.
    pub command: Vec<String>,
    /// The raw log, relative to the run directory.
    pub serial: PathBuf,
    /// The report of the cost model, relative to the run directory, where it was the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<PathBuf>,
    /// What clients from outside measured, relative to the run directory, where there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchanges: Option<PathBuf>,
    /// When it was powered on, in UTC.
    pub started: String,
    /// Host time from power-on to the end, in milliseconds.
    pub host_ms: u64,
    /// What the kernel warned of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// How often it was booted before because the machine stood still; those attempts are among the abandoned.
    #[serde(default)]
    pub retries: u32,
    /// What it came to.
    pub outcome: Outcome,
}

impl CellRecord {
    /// What the cell's samples are samples of.
    #[must_use]
    pub fn meta(&self) -> CellMeta {
        CellMeta {
            key: CellKey {
                experiment: self.experiment.clone(),
                kernel: self.kernel.clone(),
                platform: self.platform.clone(),
                harts: self.harts,
                workload: self.workload.clone(),
                parameters: self.parameters.clone(),
            },
            repeat: self.repeat,
            clock: self.clock,
        }
    }
}

impl Manifest {
    /// Reads the manifest of `directory`; `None` if it has none.
    ///
    /// # Errors
    /// It cannot be read, or was written by another version of the harness.
    pub fn load(directory: &Path) -> anyhow::Result<Option<Self>> {
        let path = directory.join(MANIFEST_FILE);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let manifest: Self = serde_json::from_slice(&text).with_context(|| {
            format!("{} is not a manifest of this harness; use the harness that made the run", path.display())
        })?;
        anyhow::ensure!(
            manifest.schema == SCHEMA,
            "{} has schema {}, this harness reads {SCHEMA}; use the harness that made the run",
            path.display(),
            manifest.schema
        );
        Ok(Some(manifest))
    }

    /// Writes the manifest of `directory`.
    ///
    /// # Errors
    /// It cannot be written; the old one is kept.
    pub fn save(&self, directory: &Path) -> anyhow::Result<()> {
        store::replace(&directory.join(MANIFEST_FILE), |file| {
            serde_json::to_writer_pretty(&mut *file, self).map_err(io::Error::from)?;
            Ok(file.write_all(b"\n")?)
        })
    }

    /// The record of the finished cell `id`.
    #[must_use]
    pub fn cell(&self, id: &str) -> Option<&CellRecord> {
        self.cells.iter().find(|cell| cell.id == id)
    }
}
