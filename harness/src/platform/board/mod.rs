//! A board behind a host that speaks SSH: upload the image, reset, stream the console.
//!
//! | module | what |
//! |---|---|
//! | `connection` | logging in, host key and user key checked; commands with their output |
//! | `lock` | one user of a board at a time |
//! | `upload` | the image's way to the host, checked at its end |
//! | `console` | what the board says, into the raw log |

mod connection;
mod console;
mod lock;
mod upload;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::{Emulator, Launch, Platform, Running, SelfEnd, StartError};
use crate::config::{BOOTARGS, Board, IMAGE};
use connection::Connection;
use console::Console;
use lock::Lock;

/// How long the host may take for anything but measuring.
const PATIENCE: Duration = Duration::from_secs(30);
/// The image's name on the host, next to the lock.
const IMAGE_FILE: &str = "image.elf";

/// A platform of the matrix that is a board.
#[derive(Debug, Clone)]
pub(super) struct BoardPlatform {
    board: Board,
}

impl BoardPlatform {
    pub(super) fn new(board: &Board) -> Self {
        Self { board: board.clone() }
    }

    /// `command` with the places of image and boot arguments filled in, as the host's shell reads it.
    fn fill_in(&self, command: &str, bootargs: &str) -> io::Result<String> {
        Ok(command.replace(IMAGE, &quoted(&self.image())?).replace(BOOTARGS, &quoted(bootargs)?))
    }

    /// The image's path on the host.
    fn image(&self) -> String {
        format!("{}/{IMAGE_FILE}", self.board.folder)
    }

    fn launch(&self, launch: &Launch<'_>) -> io::Result<RunningBoard> {
        let connection = Connection::open(&self.board).map_err(io::Error::other)?;
        let lock = Lock::take(&connection, &self.board)?;
        upload::upload(&connection, &launch.folder.join(launch.image), &self.image())?;
        // The console is open before the board starts, or its first words would be lost.
        let console =
            Console::open(&connection, &self.fill_in(&self.board.console, launch.bootargs)?, &launch.log())?;
        if let Some(reset) = &self.board.reset {
            connection.run(&self.fill_in(reset, launch.bootargs)?)?;
        }
        Ok(RunningBoard { console: Some(console), off: self.board.off.clone(), connection, lock: Some(lock) })
    }
}

impl Platform for BoardPlatform {
    fn emulator(&self) -> anyhow::Result<Emulator> {
        let connection = Connection::open(&self.board)?;
        let identity = connection.run(&self.board.identify)?;
        let version = identity.lines().next().unwrap_or_default().trim().to_owned();
        anyhow::ensure!(
            !version.is_empty(),
            "`{}` on {} prints nothing; make `identify` print what the board is",
            self.board.identify,
            self.board.host
        );
        let program =
            PathBuf::from(format!("ssh://{}@{}:{}", self.board.user, self.board.host, self.board.port));
        Ok(Emulator { program, sha256: None, version })
    }

    /// The commands as they stand in the board file: what is filled in differs from boot to boot.
    fn command(&self, _: &Launch<'_>) -> Vec<OsString> {
        let board = &self.board;
        let login = [
            "ssh".to_owned(),
            "-p".to_owned(),
            board.port.to_string(),
            format!("{}@{}", board.user, board.host),
        ];
        let commands = [Some(&board.console), board.reset.as_ref(), board.off.as_ref()];
        login.into_iter().chain(commands.into_iter().flatten().cloned()).map(OsString::from).collect()
    }

    fn start(&self, launch: &Launch<'_>) -> Result<Box<dyn Running>, StartError> {
        match self.launch(launch) {
            Ok(board) => Ok(Box::new(board)),
            Err(source) => {
                Err(StartError { program: format!("the board behind {}", self.board.host), source })
            }
        }
    }
}

/// `text` as one word of the host's shell.
fn quoted(text: &str) -> io::Result<String> {
    match shlex::try_quote(text) {
        Ok(word) => Ok(word.into_owned()),
        Err(error) => Err(io::Error::new(io::ErrorKind::InvalidInput, error)),
    }
}

/// A board that runs.
struct RunningBoard {
    console: Option<Console>,
    off: Option<String>,
    connection: Connection,
    lock: Option<Lock>,
}

impl Running for RunningBoard {
    fn read_serial(&mut self) -> io::Result<Vec<u8>> {
        self.console.as_mut().map_or_else(|| Ok(Vec::new()), |console| console.read(&self.connection))
    }

    /// Nobody sees what a board does but by what it says.
    fn progress(&mut self) -> io::Result<u64> {
        Ok(0)
    }

    fn ended(&mut self) -> io::Result<Option<SelfEnd>> {
        Ok(self.console.as_mut().and_then(|console| console.ended(&self.connection)))
    }

    fn stop(&mut self) {
        // Each of these may fail because the host is gone, and then there is nothing left to turn off or to release.
        if let Some(console) = self.console.take() {
            console.close(&self.connection);
        }
        if let (Some(off), Some(_)) = (&self.off, &self.lock) {
            let _ = self.connection.run(off);
        }
        if let Some(lock) = self.lock.take() {
            lock.release();
        }
    }
}

impl Drop for RunningBoard {
    fn drop(&mut self) {
        self.stop();
    }
}
