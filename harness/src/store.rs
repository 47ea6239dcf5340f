//! Files that are either old, or new and whole; never in between, whatever happens.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::Context as _;

/// Replaces `path` by what `fill` writes: into a temporary file beside it, flushed to the disk, then renamed. If
/// anything fails, `path` is as it was.
///
/// # Errors
/// `fill` fails, or the file cannot be written.
pub fn replace(path: &Path, fill: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let write = || -> anyhow::Result<()> {
        let directory = path.parent().unwrap_or(Path::new("."));
        let temporary = tempfile::Builder::new().prefix(".new-").tempfile_in(directory)?;
        let mut writer = BufWriter::new(temporary);
        fill(&mut writer)?;
        let temporary = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        temporary.as_file().sync_all()?;
        let file = temporary.persist(path).map_err(|error| error.error)?;
        file.set_permissions(mode())?;
        sync_directory(directory)?;
        Ok(())
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// The mode of result files: temporary files are made for their owner only, results are for reading.
fn mode() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    fs::Permissions::from_mode(0o644)
}

/// Flushes a directory's entries to the disk.
///
/// # Errors
/// The directory cannot be opened or flushed.
pub fn sync_directory(directory: &Path) -> io::Result<()> {
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    File::open(directory)?.sync_all()
}

/// Whether `error` says that there is no room left.
#[must_use]
pub fn is_disk_full(error: &anyhow::Error) -> bool {
    error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>()).any(|error| {
        matches!(
            error.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_written_whole_stays_as_it_was() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = dir.path().join("samples.csv");
        replace(&path, |file| Ok(file.write_all(b"old")?)).expect("room for it");
        let error = replace(&path, |file| {
            file.write_all(b"half of the n")?;
            Err(io::Error::from(io::ErrorKind::StorageFull).into())
        })
        .expect_err("no room for it");
        assert!(is_disk_full(&error));
        assert_eq!(error.to_string(), format!("cannot write {}", path.display()));
        assert_eq!(fs::read(&path).expect("still there"), b"old");
        assert_eq!(fs::read_dir(dir.path()).expect("readable").count(), 1, "no temporary file is left");
    }
}
