//! One user of a board at a time.
//!
//! The lock is held by a process on the host that lives as long as its standard input is open: whatever ends the
//! connection, Ctrl-C or a power cut, releases it.

use std::io::{self, Read as _};
use std::time::Duration;

use ssh2::Channel;

use super::connection::Connection;
use super::{PATIENCE, quoted};
use crate::config::Board;

/// What the holder says when it has the lock.
const HELD: &str = "held\n";
/// What it says when it has not got it.
const BUSY: &str = "busy\n";

/// The right to use a board. Dropping it gives it back.
pub(super) struct Lock {
    holder: Channel,
}

impl Lock {
    /// Takes the lock of `board`, waiting for others as long as the board file says.
    pub(super) fn take(connection: &Connection, board: &Board) -> io::Result<Self> {
        let mut holder = connection.start(&command(&board.folder, board.lock_wait)?)?;
        let mut answer = [0; HELD.len()];
        connection.patiently(board.lock_wait + PATIENCE, || holder.read_exact(&mut answer)).map_err(
            |error| {
                let mut complaints = String::new();
                // The reason is a help only.
                let _ = holder.stderr().read_to_string(&mut complaints);
                io::Error::other(format!(
                    "cannot lock the board in `{}`: {error}; {}",
                    board.folder,
                    complaints.trim()
                ))
            },
        )?;
        match str::from_utf8(&answer) {
            Ok(HELD) => Ok(Self { holder }),
            Ok(BUSY) => {
                let mut who = String::new();
                let _ = holder.take(512).read_to_string(&mut who);
                Err(io::Error::new(
                    io::ErrorKind::ResourceBusy,
                    format!(
                        "the board has been in use for the {} s that lock_wait_s allows, by {}; try again later or ask there",
                        board.lock_wait.as_secs(),
                        who.trim()
                    ),
                ))
            }
            _ => Err(io::Error::other(
                "the lock's holder answers nonsense; does the user's shell print something at login?",
            )),
        }
    }

    /// Gives the lock back, knowing that it is free when this returns.
    pub(super) fn release(mut self) {
        // Whatever fails here, the holder ends with the connection.
        let _ = self.holder.send_eof().and_then(|()| self.holder.wait_close());
    }
}

/// What the host runs: the lock is the kernel's, on a file; who has it stands in another.
fn command(folder: &str, wait: Duration) -> io::Result<String> {
    let folder = quoted(folder)?;
    let wait = wait.as_secs();
    Ok(format!(
        "mkdir -p {folder} && cd {folder} && exec 9>lock && if flock -w {wait} 9; then \
         echo \"${{USER:-$(id -un)}} from ${{SSH_CLIENT%% *}} since $(date -u +%FT%TZ)\" > holder; printf '{}'; cat > /dev/null; \
         else printf '{}'; cat holder; fi",
        HELD.escape_default(),
        BUSY.escape_default()
    ))
}
