//! A run directory: who may write to it, and where things are in it.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use fs4::fs_std::FileExt as _;

use crate::config::Matrix;
use crate::manifest::{Manifest, State};
use crate::plan::Plan;
use crate::store;

/// The link to the last run, beside the run directories.
pub const LATEST: &str = "latest";
const LOCK: &str = ".lock";
const SERIAL: &str = "serial";
const IMAGES: &str = "images";
const MODEL: &str = "model";
const CLIENTS: &str = "clients";
/// Room that must be left before a cell is started: its log, and the files rewritten after it.
const RESERVE_BYTES: u64 = 4 << 20;

/// What a folder is to the run that wants to use it.
#[derive(Debug)]
pub enum Found {
    /// Nothing is there: a new run.
    Nothing,
    /// An unfinished run of the same plan: it goes on.
    Unfinished(Box<Manifest>),
}

/// Looks at `path` before anything is done there.
///
/// # Errors
/// The folder holds something that must not be overwritten or mixed with this run.
pub fn inspect(path: &Path, matrix: &Matrix, plan: &Plan) -> anyhow::Result<Found> {
    let shown = path.display();
    let Some(manifest) = Manifest::load(path)? else {
        if is_occupied(path) {
            bail!("{shown} exists and is not a run of this harness; choose another --out");
        }
        return Ok(Found::Nothing);
    };
    if manifest.state == State::Complete {
        bail!(
            "{shown} holds a complete run and nothing is overwritten; leave out --out or choose another directory"
        );
    }
    if manifest.matrix.sha256 != matrix.sha256() {
        bail!(
            "{shown} holds an unfinished run of another matrix ({}, since changed?); choose another --out",
            manifest.matrix.path.display()
        );
    }
    if manifest.matrix.given != matrix.given {
        bail!("{shown} holds an unfinished run with another --param; give the same or choose another --out");
    }
    if !manifest.planned.iter().eq(plan.cells.iter().map(|cell| &cell.id)) {
        bail!(
            "{shown} holds an unfinished run with another --filter; use the same filter or choose another --out"
        );
    }
    if manifest.skipped != plan.skipped {
        bail!(
            "{shown} holds an unfinished run that had other kernels to run; choose another --out, or put them back as they were"
        );
    }
    Ok(Found::Unfinished(Box::new(manifest)))
}

/// Whether `path` holds anything but what a run makes before its manifest.
fn is_occupied(path: &Path) -> bool {
    let is_foreign = |entry: io::Result<fs::DirEntry>| {
        entry.map_or(true, |entry| ![LOCK, SERIAL, IMAGES, MODEL].iter().any(|own| entry.file_name() == *own))
    };
    path.exists() && fs::read_dir(path).map_or(true, |mut entries| entries.any(is_foreign))
}

/// An open run directory. While it lives, no other harness writes there.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    _lock: File,
}

impl RunDirectory {
    /// Makes (if needed) and locks the directory.
    ///
    /// # Errors
    /// It cannot be made, or another harness uses it.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        for folder in [SERIAL, IMAGES, MODEL].map(|name| path.join(name)) {
            fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let lock = path.join(LOCK);
        let lock = File::create(&lock).with_context(|| format!("cannot make {}", lock.display()))?;
        if !lock.try_lock_exclusive().with_context(|| format!("cannot lock {}", path.display()))? {
            bail!("another harness is using {}; wait for it or choose another --out", path.display());
        }
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        let name = self.path.file_name();
        name.map_or_else(|| self.path.display().to_string(), |name| name.to_string_lossy().into_owned())
    }

    /// The path of something in it.
    #[must_use]
    pub fn join(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.path.join(relative)
    }

    /// The raw log of a cell, relative to the directory.
    #[must_use]
    pub fn serial(cell_id: &str) -> PathBuf {
        Path::new(SERIAL).join(format!("{cell_id}.log"))
    }

    /// The report of the cost model on a cell, relative to the directory.
    #[must_use]
    pub fn model_report(cell_id: &str) -> PathBuf {
        Path::new(MODEL).join(format!("{cell_id}.report"))
    }

    /// What clients from outside measured, relative to the directory.
    #[must_use]
    pub fn exchanges(cell_id: &str) -> PathBuf {
        Path::new(CLIENTS).join(format!("{cell_id}.csv"))
    }

    /// Where the plugin says how far a cell is while it runs, relative to the directory.
    #[must_use]
    pub fn model_heartbeat(cell_id: &str) -> PathBuf {
        Path::new(MODEL).join(format!("{cell_id}.heartbeat"))
    }

    /// The preset of a platform in the plugin's own form, relative to the directory.
    #[must_use]
    pub fn model_preset(platform: &str) -> PathBuf {
        Path::new(MODEL).join(format!("{platform}.preset"))
    }

    /// The preset by whose cycles the harts of `platform` take turns, in the plugin's own form.
    #[must_use]
    pub fn model_order_preset(platform: &str) -> PathBuf {
        Path::new(MODEL).join(format!("{platform}.order.preset"))
    }

    /// The plugin of a platform's emulator, relative to the directory.
    #[must_use]
    pub fn model_plugin(platform: &str) -> PathBuf {
        Path::new(MODEL).join(format!("{platform}.so"))
    }

    /// A boot image, relative to the directory.
    #[must_use]
    pub fn image(name: &str) -> PathBuf {
        Path::new(IMAGES).join(format!("{name}.elf"))
    }

    /// Puts the log of an unfinished attempt aside, where nothing overwrites it; returns its new place, relative to
    /// the directory, or `None` if there is no log.
    ///
    /// # Errors
    /// It cannot be moved.
    pub fn set_aside(&self, cell_id: &str) -> io::Result<Option<PathBuf>> {
        let log = self.join(Self::serial(cell_id));
        if !log.exists() {
            return Ok(None);
        }
        fs::create_dir_all(self.join("serial/abandoned"))?;
        let free = (0..)
            .map(|attempt| Path::new("serial/abandoned").join(format!("{cell_id}.{attempt}.log")))
            .find(|place| !self.join(place).exists());
        // The range above has no end, so there always is a free name.
        let place = free.unwrap_or_default();
        fs::rename(log, self.join(&place))?;
        Ok(Some(place))
    }

    /// Makes sure that there is room for the next cell.
    ///
    /// # Errors
    /// There is not.
    pub fn ensure_room(&self) -> anyhow::Result<()> {
        if self.free_bytes()? < RESERVE_BYTES {
            let full = io::Error::new(io::ErrorKind::StorageFull, "no space left on device");
            return Err(full).with_context(|| {
                format!("less than {} MiB are free for {}", RESERVE_BYTES >> 20, self.path.display())
            });
        }
        Ok(())
    }

    /// Whether the disk ran so full that a log may be cut because of it.
    ///
    /// # Errors
    /// The file system does not say.
    pub fn is_full(&self) -> io::Result<bool> {
        Ok(self.free_bytes()? < 64 << 10)
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let status = nix::sys::statvfs::statvfs(&self.path)?;
        Ok(status.blocks_available().saturating_mul(status.fragment_size()))
    }

    /// Points `latest`, beside the run directory, at it.
    ///
    /// # Errors
    /// Something else than a link has that name, or the folder cannot be written.
    pub fn link_as_latest(&self) -> anyhow::Result<()> {
        let (Some(folder), Some(name)) = (self.path.parent(), self.path.file_name()) else { return Ok(()) };
        let link = folder.join(LATEST);
        if link.symlink_metadata().is_ok_and(|found| !found.is_symlink()) {
            bail!("{} is not a link; move it away, it must point to the last run", link.display());
        }
        let temporary = folder.join(format!(".latest-{}", std::process::id()));
        symlink(name, &temporary)
            .and_then(|()| fs::rename(&temporary, &link))
            .and_then(|()| store::sync_directory(folder))
            .with_context(|| format!("cannot point {} at the run", link.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> (tempfile::TempDir, RunDirectory) {
        let parent = tempfile::tempdir().expect("temporary directory");
        let run = RunDirectory::open(&parent.path().join("run")).expect("can be made");
        (parent, run)
    }

    #[test]
    fn a_second_harness_is_kept_out() {
        let (_parent, run) = directory();
        let error = RunDirectory::open(run.path()).expect_err("locked");
        assert!(error.to_string().starts_with("another harness is using "), "{error}");
        let path = run.path().to_owned();
        drop(run);
        RunDirectory::open(&path).expect("free again");
    }

    #[test]
    fn abandoned_logs_pile_up_beside_each_other() {
        let (_parent, run) = directory();
        let log = run.join(RunDirectory::serial("a.r0"));
        for (attempt, text) in ["one", "two"].iter().enumerate() {
            fs::write(&log, text).expect("writable");
            let place = run.set_aside("a.r0").expect("movable").expect("there is a log");
            assert_eq!(place, Path::new(&format!("serial/abandoned/a.r0.{attempt}.log")));
            assert_eq!(fs::read_to_string(run.join(place)).expect("readable"), *text);
        }
        assert_eq!(run.set_aside("a.r0").expect("nothing to do"), None);
    }

    #[test]
    fn latest_points_to_the_last_run() {
        let (parent, run) = directory();
        run.link_as_latest().expect("linkable");
        run.link_as_latest().expect("again");
        assert_eq!(fs::read_link(parent.path().join(LATEST)).expect("a link"), Path::new("run"));
    }
}
