//! What a file holds, in a few characters.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

/// SHA-256 of `bytes`, in hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// SHA-256 of the file at `path`, in hexadecimal.
///
/// # Errors
/// It cannot be read.
pub fn of_file(path: &Path) -> anyhow::Result<String> {
    Ok(sha256(&fs::read(path).with_context(|| format!("cannot read {}", path.display()))?))
}

/// Makes sure that the file at `path` is the one that has this SHA-256.
///
/// # Errors
/// It cannot be read, or is another one.
pub fn verify(path: &Path, expected: &str) -> anyhow::Result<()> {
    anyhow::ensure!(
        of_file(path)? == expected,
        "{} is not the file that the run began with; unlike things are not mixed, start a new run",
        path.display()
    );
    Ok(())
}
