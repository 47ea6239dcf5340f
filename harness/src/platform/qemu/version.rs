//! Which QEMU is there.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use thiserror::Error;

/// The oldest QEMU whose `virt` machine has the AIA and whose icount runs repeat exactly (Debian 12's own).
pub const MINIMUM: (u32, u32) = (7, 2);

/// A QEMU's version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Major and minor number.
    pub number: (u32, u32),
    /// The first line of `--version`.
    pub text: String,
}

/// A QEMU that cannot be used. The texts say what to do.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// There is none.
    #[error("QEMU is missing: there is no `{}`; install Debian's qemu-system-misc (`./x run` does it) or point REL4_QEMU at one", .0.display())]
    Missing(PathBuf),
    /// It cannot be run.
    #[error("cannot run `{}`: {source}; check the file that REL4_QEMU or the platform's `emulator` names", program.display())]
    Broken {
        /// The program.
        program: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It runs but is something else.
    #[error("`{} --version` does not answer like QEMU; check REL4_QEMU or the platform's `emulator`", .0.display())]
    NotQemu(PathBuf),
    /// It is too old.
    #[error("QEMU is too old: `{}` is {found}, but {}.{} or newer is needed; install Debian 12's qemu-system-misc or point REL4_QEMU at a newer one", program.display(), MINIMUM.0, MINIMUM.1)]
    TooOld {
        /// The program.
        program: PathBuf,
        /// Its version.
        found: Version,
    },
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.number.0, self.number.1)
    }
}

/// Asks `program` for its version.
///
/// # Errors
/// It is missing, broken, something else, or too old.
pub fn probe(program: &Path) -> Result<Version, ProbeError> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    let output = output.map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => ProbeError::Missing(program.to_owned()),
        _ => ProbeError::Broken { program: program.to_owned(), source },
    })?;
    let text = String::from_utf8_lossy(&output.stdout);
    let found = parse(&text).ok_or_else(|| ProbeError::NotQemu(program.to_owned()))?;
    if found.number < MINIMUM {
        Err(ProbeError::TooOld { program: program.to_owned(), found })
    } else {
        Ok(found)
    }
}

/// Reads "QEMU emulator version 7.2.22 (…)".
fn parse(output: &str) -> Option<Version> {
    let text = output.lines().next()?.trim();
    let mut numbers = text.strip_prefix("QEMU emulator version ")?.split(|c: char| !c.is_ascii_digit());
    let number = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
    Some(Version { number, text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_the_first_line() {
        let debian = "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\nCopyright";
        assert_eq!(parse(debian).expect("a version").number, (7, 2));
        assert_eq!(parse("QEMU emulator version 10.0.2").expect("a version").number, (10, 0));
        assert_eq!(parse("GNU bash, version 5.2"), None);
    }

    #[test]
    fn a_program_that_is_not_there_is_missing() {
        assert!(matches!(probe(Path::new("/nonexistent/qemu")), Err(ProbeError::Missing(_))));
    }
}
