//! Where a run comes from, asked of those who know.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::toolchain::{GuestToolchain, KERNEL_TARGET};

/// The sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The git commit; `None` outside of a checkout.
    pub revision: Option<String>,
    /// Files that differ from the commit, as `git status --porcelain` lists them. Empty: the tree is clean.
    pub changes: Vec<String>,
}

/// What compiles the guests. `None` where there is none: a run of finished images needs none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toolchain {
    /// `rustc -vV` of the guests' compiler.
    pub rustc: Option<String>,
    /// `cargo -V` of the guests' cargo.
    pub cargo: Option<String>,
}

/// The machine that runs it all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// The operating system's name.
    pub system: Option<String>,
    /// The kernel's release.
    pub kernel: Option<String>,
    /// The processor's name.
    pub cpu: Option<String>,
    /// Processors that the harness may use.
    pub cores: Option<usize>,
    /// Memory, in KiB.
    pub memory_kib: Option<u64>,
}

impl Source {
    /// Asks git about the checkout at `directory`.
    #[must_use]
    pub fn probe(directory: &Path) -> Self {
        let changes = answer(directory, "git", &["status", "--porcelain"]);
        Self {
            revision: answer(directory, "git", &["rev-parse", "HEAD"]),
            changes: changes.iter().flat_map(|text| text.lines()).map(str::to_owned).collect(),
        }
    }
}

impl Toolchain {
    /// Asks the tools that the guests are built with.
    #[must_use]
    pub fn probe() -> Self {
        let Ok(toolchain) = GuestToolchain::detect() else { return Self { rustc: None, cargo: None } };
        let mut cargo = toolchain.cargo(KERNEL_TARGET);
        Self { rustc: toolchain.describe().ok(), cargo: stdout(cargo.arg("-V")) }
    }
}

impl Host {
    /// Asks the operating system.
    #[must_use]
    pub fn probe() -> Self {
        Self {
            system: field("/etc/os-release", "PRETTY_NAME", '=')
                .map(|name| name.trim_matches('"').to_owned()),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease").ok().map(|text| text.trim().to_owned()),
            cpu: field("/proc/cpuinfo", "model name", ':'),
            cores: std::thread::available_parallelism().ok().map(usize::from),
            memory_kib: field("/proc/meminfo", "MemTotal", ':')
                .and_then(|text| text.split_whitespace().next()?.parse().ok()),
        }
    }
}

/// The standard output of a command that succeeds.
fn answer(directory: &Path, program: &str, arguments: &[&str]) -> Option<String> {
    stdout(Command::new(program).args(arguments).current_dir(directory))
}

fn stdout(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// The value of `key` in a file of `key<separator>value` lines.
fn field(path: &str, key: &str, separator: char) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let mut lines = text.lines().filter_map(|line| line.split_once(separator));
    lines.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_of_a_checkout_there_is_no_revision() {
        let dir = tempfile::tempdir().expect("temporary directory");
        assert_eq!(Source::probe(dir.path()), Source { revision: None, changes: Vec::new() });
    }

    #[test]
    fn the_host_is_probed() {
        let host = Host::probe();
        assert!(host.kernel.is_some() && host.cores.is_some() && host.memory_kib.is_some(), "{host:?}");
    }
}
