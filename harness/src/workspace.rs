//! The checkout that the harness works in.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// The root of a ReL4 checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Its folder.
    pub root: PathBuf,
}

impl Workspace {
    /// The checkout that the current directory is in.
    ///
    /// # Errors
    /// It is in none.
    pub fn current() -> anyhow::Result<Self> {
        let here = env::current_dir().context("the current directory is gone")?;
        Self::containing(&here).with_context(|| {
            format!(
                "{} is not in a ReL4 checkout; change to one, the harness builds its guests there",
                here.display()
            )
        })
    }

    /// The checkout that `folder` is in.
    #[must_use]
    pub fn containing(folder: &Path) -> Option<Self> {
        let root = folder.ancestors().find(|folder| {
            folder.join("kernel/Cargo.toml").is_file()
                && fs::read_to_string(folder.join("Cargo.toml"))
                    .is_ok_and(|text| text.contains("[workspace]"))
        })?;
        Some(Self { root: root.to_owned() })
    }

    /// Where runs are kept.
    #[must_use]
    pub fn results(&self) -> PathBuf {
        self.root.join("results")
    }

    /// Where upstream's own numbers are.
    #[must_use]
    pub fn upstream_numbers(&self) -> PathBuf {
        self.results().join("upstream")
    }

    /// Where the specifications of the figures are.
    #[must_use]
    pub fn figure_specifications(&self) -> PathBuf {
        self.root.join("paper-figures")
    }

    /// Where the paper's claims are.
    #[must_use]
    pub fn claims(&self) -> PathBuf {
        self.figure_specifications().join("claims")
    }

    /// Where guests are built.
    #[must_use]
    pub fn guest_target(&self) -> PathBuf {
        self.root.join("target/guest")
    }

    /// Where the emulator's plugin is built.
    #[must_use]
    pub fn plugin_target(&self) -> PathBuf {
        self.root.join("target/plugin")
    }
}
