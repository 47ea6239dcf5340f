//! Running the cells of a plan, one after the other, into a run directory.
//!
//! After every cell the raw log, then `samples.csv`, then `manifest.json` are on the disk; a cell is finished when the
//! manifest says so. So whatever stops a run (Ctrl-C, a full disk, a power cut), it goes on with the first cell that is
//! not in the manifest.

pub mod cell;
pub mod directory;
mod interrupt;
mod outcome;
mod progress;
mod repeat;
mod samples;
pub mod start;
pub mod watch;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use rel4_costmodel::report::Report;
use sha2::{Digest as _, Sha256};

use crate::bootargs::bootargs;
use crate::clients::{Assignment, Exchange, save_exchanges};
use crate::config::Matrix;
use crate::costmodel::setup;
use crate::manifest::{CellRecord, Manifest, State};
use crate::plan::{Cell, Plan};
use crate::platform::{Launch, Platform};
use crate::results::{MeasurementError, SAMPLES_FILE, SampleTable, Witnesses, measure};
use crate::serial::SerialLog;
use crate::time;
use directory::RunDirectory;
pub use interrupt::Interrupt;
pub use outcome::Outcome;
use progress::Progress;
use samples::exchanges_of;
pub use samples::{of_run, tests_of_run};
use watch::Limits;

/// Why a session came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Every cell had its turn.
    Done,
    /// The user asked for it.
    Interrupted,
}

/// One process's work on a run.
pub struct Session<'a> {
    /// Where results go.
    pub directory: &'a RunDirectory,
    /// What is known of the run; saved after every cell.
    pub manifest: Manifest,
    /// The matrix.
    pub matrix: &'a Matrix,
    /// What runs the images, by the platform's name.
    pub platforms: BTreeMap<String, Box<dyn Platform>>,
    /// Whether to stop.
    pub interrupt: &'a Interrupt,
}

impl Session<'_> {
    /// Runs the cells of `plan` that are not finished.
    ///
    /// # Errors
    /// The harness cannot go on: no room on the disk, no permission, an emulator that cannot be started. What is
    /// finished is kept.
    pub fn run(&mut self, plan: &Plan) -> anyhow::Result<Stop> {
        let mut samples = of_run(self.directory.path(), &self.manifest)?;
        let mut progress = Progress::new(plan.cells.len(), self.manifest.cells.len());
        for cell in &plan.cells {
            if self.manifest.cell(&cell.id).is_some() {
                continue;
            }
            if self.interrupt.requested() {
                return Ok(Stop::Interrupted);
            }
            progress.start(&cell.id);
            let record = self.attempt(cell, &mut samples)?;
            let took = Duration::from_millis(record.host_ms);
            progress.finish(&cell.id, &record.outcome, took);
            if record.outcome == Outcome::Interrupted {
                return Ok(Stop::Interrupted);
            }
        }
        Ok(Stop::Done)
    }

    /// Boots `cell` once and puts what it gave on the disk.
    fn attempt(&mut self, cell: &Cell, samples: &mut SampleTable) -> anyhow::Result<CellRecord> {
        self.directory.ensure_room()?;
        // A log without an entry in the manifest is what a killed harness left behind.
        self.directory
            .set_aside(&cell.id)
            .with_context(|| format!("cannot put the old log of {} aside", cell.id))?;
        let (mut record, log) = self.boot_with_patience(cell)?;
        if record.outcome == Outcome::Measured {
            self.judge_measurement(&mut record, &log, samples)?;
        }
        if record.outcome.exit() != crate::exit::Exit::Done && self.directory.is_full()? {
            self.directory.set_aside(&cell.id)?;
            let full = io::Error::new(io::ErrorKind::StorageFull, "no space left on device");
            return Err(full).with_context(|| format!("the log of {} may be cut", cell.id));
        }
        if !record.outcome.is_final() {
            if let Some(place) = self.directory.set_aside(&cell.id)? {
                record.serial = place;
            }
            self.manifest.abandoned.push(record.clone());
            self.manifest.save(self.directory.path())?;
            return Ok(record);
        }
        samples.save(&self.directory.join(SAMPLES_FILE))?;
        self.manifest.firmware = self.manifest.firmware.take().or(log.firmware);
        self.manifest.cells.push(record.clone());
        self.manifest.finished = Some(time::now());
        if self.manifest.cells.len() == self.manifest.planned.len() {
            self.manifest.state = State::Complete;
        }
        self.manifest.save(self.directory.path())?;
        Ok(record)
    }

    /// Boots `cell`; once more if the machine stood still, which QEMU 7.2 has been seen to do under load.
    fn boot_with_patience(&mut self, cell: &Cell) -> anyhow::Result<(CellRecord, SerialLog)> {
        let (mut first, log) = self.boot(cell)?;
        if !first.outcome.is_stall() {
            return Ok((first, log));
        }
        if let Some(place) = self.directory.set_aside(&cell.id)? {
            first.serial = place;
        }
        self.manifest.abandoned.push(first);
        self.manifest.save(self.directory.path())?;
        let (second, log) = self.boot(cell)?;
        Ok((CellRecord { retries: 1, ..second }, log))
    }

    fn boot(&self, cell: &Cell) -> anyhow::Result<(CellRecord, SerialLog)> {
        let machine = &self.matrix.platforms[&cell.platform];
        let started = time::now();
        let run_id = if machine.clock.is_exact() {
            repeated_run_id(&cell.group)
        } else {
            run_id(&self.manifest.run, &cell.id)
        };
        let serial = RunDirectory::serial(&cell.id);
        let image = &self.manifest.images[&cell.image().name()];
        let launch = Launch {
            folder: self.directory.path(),
            image: Path::new(&image.path),
            serial: Path::new(&serial),
            bootargs: &bootargs(cell, &run_id)?,
            plugin: setup::plugin_of(&cell.id, &cell.platform, machine, image)?,
        };
        let platform = self.platforms[&cell.platform].as_ref();
        let limits = Limits { boot: machine.boot_limit, run: machine.run_limit, stall: machine.stall_limit };
        let assignment = Assignment::of(cell, machine.stall_limit);
        let boot = cell::boot(platform, &launch, &run_id, limits, self.interrupt, assignment)?;
        setup::forget_heartbeat(self.directory, &cell.id)?;
        if launch.log().exists() {
            sync(&launch.log())?;
        }
        let exchanges = self.keep_exchanges(&cell.id, boot.exchanges.as_deref())?;
        let words = platform.command(&launch);
        let record = CellRecord {
            id: cell.id.clone(),
            group: cell.group.clone(),
            experiment: cell.experiment.clone(),
            kernel: cell.kernel.clone(),
            platform: cell.platform.clone(),
            harts: machine.harts,
            workload: cell.workload.clone(),
            parameters: cell.parameters.clone(),
            repeat: cell.repeat,
            clock: machine.clock,
            run_id,
            command: words.iter().map(|word| word.to_string_lossy().into_owned()).collect(),
            serial: serial.clone(),
            model: launch.plugin.is_some().then(|| RunDirectory::model_report(&cell.id)),
            exchanges,
            started,
            host_ms: u64::try_from(boot.took.as_millis()).unwrap_or(u64::MAX),
            warnings: boot.log.warnings.clone(),
            retries: 0,
            outcome: boot.outcome,
        };
        Ok((record, boot.log))
    }

    /// Puts what clients from outside measured on the disk, if they measured anything, and tells where.
    fn keep_exchanges(&self, id: &str, exchanges: Option<&[Exchange]>) -> anyhow::Result<Option<PathBuf>> {
        let Some(exchanges) = exchanges.filter(|exchanges| !exchanges.is_empty()) else { return Ok(None) };
        let file = RunDirectory::exchanges(id);
        let path = self.directory.join(&file);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        save_exchanges(&path, exchanges)?;
        Ok(Some(file))
    }

    /// Takes the samples out of a log whose records are complete, and holds them against earlier repeats.
    fn judge_measurement(
        &self,
        record: &mut CellRecord,
        log: &SerialLog,
        samples: &mut SampleTable,
    ) -> anyhow::Result<()> {
        let meta = record.meta();
        let report = match &record.model {
            None => None,
            Some(_) => match setup::read_report(self.directory.path(), &record.id, &record.platform) {
                Ok(report) => Some(report),
                Err(error) => {
                    record.outcome = Outcome::NotModelled(format!("{error:#}"));
                    return Ok(());
                }
            },
        };
        let exchanges = exchanges_of(self.directory.path(), record)?;
        let witnesses = Witnesses { report: report.as_ref(), exchanges: exchanges.as_deref() };
        match measure(&log.records, witnesses, &meta) {
            Ok(series) => samples.insert(&meta, series)?,
            Err(error) => {
                record.outcome = wrong(&error);
                return Ok(());
            }
        }
        if record.clock.is_exact()
            && let Some(earlier) = self.earlier_repeat(&record.group)
            && let Some(difference) = self.difference(earlier, log, report.as_ref())?
        {
            record.outcome = Outcome::NotRepeatable(format!("against {}, {difference}", earlier.id));
        }
        Ok(())
    }

    /// The first repeat of `group` that was measured.
    fn earlier_repeat(&self, group: &str) -> Option<&CellRecord> {
        let mut measured = self.manifest.cells.iter().filter(|cell| cell.outcome == Outcome::Measured);
        measured.find(|cell| cell.group == group)
    }

    /// What is different from an earlier repeat, in the records or in the report of the cost model.
    fn difference(
        &self,
        earlier: &CellRecord,
        log: &SerialLog,
        report: Option<&Report>,
    ) -> anyhow::Result<Option<String>> {
        let earlier_log = cell::read_log(&self.directory.join(&earlier.serial), &earlier.run_id)?;
        if let Some(difference) = repeat::difference(&earlier_log.records, &log.records) {
            return Ok(Some(difference.to_string()));
        }
        let Some(report) = report else { return Ok(None) };
        let earlier = setup::read_report(self.directory.path(), &earlier.id, &earlier.platform)?;
        Ok((earlier != *report).then(|| "the cost model's reports differ".to_owned()))
    }
}

fn wrong(error: &MeasurementError) -> Outcome {
    Outcome::WrongMeasurement(error.to_string())
}

/// The same id at every boot of the cell: firmware and guest read, print and sum it up, and another id may take another number of
/// instructions, which is enough for a tick to strike elsewhere.
/// No old log can pass for one of this boot, since every log is put aside before its cell is booted.
fn repeated_run_id(group: &str) -> String {
    short_hash(group)
}

/// An id that no earlier boot had, so that a record of an old log cannot pass for one of this boot.
fn run_id(run: &str, cell_id: &str) -> String {
    short_hash(&format!("{run} {cell_id} {}", time::now_ns()))
}

fn short_hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

fn sync(path: &Path) -> anyhow::Result<()> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.with_context(|| format!("cannot put {} on the disk", path.display()))
}
