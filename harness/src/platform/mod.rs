//! The seam between the harness and what runs a boot image: an emulator here, or a board somewhere.

mod board;
pub mod qemu;
mod tail;

use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use rel4_costmodel::options::Options;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::config::{Machine, MachineKind};

/// The platform that runs `machine`.
#[must_use]
pub fn of(machine: &Machine) -> Box<dyn Platform> {
    match &machine.kind {
        MachineKind::Qemu => Box::new(qemu::Qemu::new(machine)),
        MachineKind::Board(board) => Box::new(board::BoardPlatform::new(board)),
    }
}

/// What runs the images: an emulator on this machine, or a board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emulator {
    /// Its program, or the address of the board's host.
    pub program: PathBuf,
    /// SHA-256 of the program; none for one that cannot be read.
    #[serde(default)]
    pub sha256: Option<String>,
    /// How it names itself.
    pub version: String,
}

/// One power-on.
#[derive(Debug, Clone)]
pub struct Launch<'a> {
    /// The run directory, where the machine is started: the other paths are relative to it, so that the command line in the
    /// manifest names no folder of the machine that it ran on.
    pub folder: &'a Path,
    /// The packed boot image.
    pub image: &'a Path,
    /// Where the raw serial output goes.
    pub serial: &'a Path,
    /// The boot arguments.
    pub bootargs: &'a str,
    /// The cost model, where the clock is the model's.
    pub plugin: Option<Plugin>,
}

/// The cost model's plugin as a launch uses it; its paths too are relative to the run directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugin {
    /// The plugin's file.
    pub file: PathBuf,
    /// What it is asked to do.
    pub options: Options,
}

impl Launch<'_> {
    /// Where the raw serial output is found.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder.join(self.serial)
    }
}

/// Something that can run a boot image.
pub trait Platform {
    /// Finds what runs the images.
    ///
    /// # Errors
    /// There is none, or it cannot be used; the message says what to do.
    fn emulator(&self) -> anyhow::Result<Emulator>;

    /// The full command line of a launch, program first.
    fn command(&self, launch: &Launch<'_>) -> Vec<OsString>;

    /// Powers the machine on.
    ///
    /// # Errors
    /// It cannot be started.
    fn start(&self, launch: &Launch<'_>) -> Result<Box<dyn Running>, StartError>;
}

/// A machine that is on. Dropping it turns it off.
pub trait Running {
    /// The serial output since the last call.
    ///
    /// # Errors
    /// The output cannot be read.
    fn read_serial(&mut self) -> io::Result<Vec<u8>>;

    /// A number that changes while the machine does something; what it counts is its own affair.
    ///
    /// # Errors
    /// Its state cannot be found out.
    fn progress(&mut self) -> io::Result<u64>;

    /// Where connections lead to the server that runs in the machine; `None` if nothing does.
    ///
    /// # Errors
    /// Its state cannot be found out.
    fn server(&mut self) -> io::Result<Option<SocketAddr>> {
        Ok(None)
    }

    /// How the machine ended by itself, if it did.
    ///
    /// # Errors
    /// Its state cannot be found out.
    fn ended(&mut self) -> io::Result<Option<SelfEnd>>;

    /// Turns the machine off; nothing of it is left running.
    fn stop(&mut self);
}

/// How a machine ended by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelfEnd {
    /// The guest powered it off or reset it.
    PoweredOff,
    /// The emulator broke down, or the way to the board is lost; the text says how.
    Died(String),
}

/// A machine that could not be started.
#[derive(Debug, Error)]
#[error("cannot start {program}: {source}")]
pub struct StartError {
    /// What was to be started.
    pub program: String,
    /// Why it was not.
    pub source: io::Error,
}
