//! Keeping the places of this machine out of the binaries, so that the same sources give the same bytes everywhere.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What separates flags in `CARGO_ENCODED_RUSTFLAGS`; unlike a space it does not occur in paths.
const SEPARATOR: &str = "\u{1f}";

/// Flags for rustc, for `CARGO_ENCODED_RUSTFLAGS`: replaces checkout, downloaded crates and library sources by fixed
/// names.
#[must_use]
pub fn flags(workspace: &Path, sysroot: &Path) -> OsString {
    let mut prefixes = vec![(workspace.to_owned(), "."), (sysroot.to_owned(), "rust")];
    prefixes.extend(cargo_home().map(|home| (home, "cargo")));
    let mut flags = OsString::new();
    for (index, (from, to)) in prefixes.into_iter().enumerate() {
        if index > 0 {
            flags.push(SEPARATOR);
        }
        flags.push("--remap-path-prefix=");
        flags.push(from);
        flags.push("=");
        flags.push(to);
    }
    flags
}

/// Where cargo keeps what it downloads.
fn cargo_home() -> Option<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("CARGO_HOME").or_else(|| set("HOME").map(|home| home.join(".cargo")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_space_stays_one_flag() {
        let flags = flags(Path::new("/my work/rel4"), Path::new("/rust"));
        let flags = flags.to_string_lossy();
        let first = flags.split(SEPARATOR).next();
        assert_eq!(first, Some("--remap-path-prefix=/my work/rel4=."));
    }
}
