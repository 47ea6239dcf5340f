//! The matrix: a TOML file that says which kernels run which workloads on which platforms.
//!
//! It is read raw ([`raw`], unknown keys are errors), then validated into the typed form below; every mistake is a
//! [`Diagnostic`] with file, line, column and what to do about it.

mod board;
mod diagnostic;
mod experiment;
mod given;
mod kernel;
pub(crate) mod names;
mod platform;
mod program;
mod raw;
mod root_server;
mod validate;
mod value;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::digest;
pub use board::{BOOTARGS, Board, IMAGE};
pub use diagnostic::{ConfigError, Diagnostic};
pub use experiment::Experiment;
pub use given::GivenError;
pub use kernel::{Feature, Kernel, KernelSource, Profile, Settings};
pub use platform::{Clock, Machine, MachineKind};
pub use program::{Domain, Parameter, Program};
pub use root_server::RootServer;
pub use value::Value;

/// A validated matrix.
#[derive(Debug, Clone)]
pub struct Matrix {
    /// The file's stem; names the run.
    pub name: String,
    /// Where it was read from.
    pub path: PathBuf,
    /// The file's own text, copied into the run directory.
    pub text: String,
    /// The kernels, by name.
    pub kernels: BTreeMap<String, Kernel>,
    /// The platforms, by name.
    pub platforms: BTreeMap<String, Machine>,
    /// The workloads, by name: the program and its fixed parameters.
    pub workloads: BTreeMap<String, Workload>,
    /// The experiments, in the file's order.
    pub experiments: Vec<Experiment>,
    /// Parameters that the command line gave in place of the file's.
    pub given: BTreeMap<String, Value>,
}

/// A workload of the matrix: a program with some of its parameters given.
#[derive(Debug, Clone)]
pub struct Workload {
    /// What the root server runs.
    pub program: &'static Program,
    /// The root server.
    pub root_server: RootServer,
    /// Parameters that hold for every experiment unless it gives its own.
    pub parameters: BTreeMap<String, Value>,
}

impl Matrix {
    /// Reads and validates the matrix in `path`.
    ///
    /// # Errors
    /// The file cannot be read, is not TOML, or says something that the harness does not know.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(path, text)
    }

    /// Validates the matrix `text`; `path` names it in messages and gives the run its name.
    ///
    /// # Errors
    /// As [`Matrix::load`].
    pub fn parse(path: &Path, text: String) -> Result<Self, ConfigError> {
        let raw = raw::parse(path, &text)?;
        validate::validate(path, text, &raw)
    }

    /// SHA-256 of the file's text, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> String {
        digest::sha256(self.text.as_bytes())
    }
}

#[cfg(test)]
mod tests;
