//! What the board says, into the raw log.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::Path;
use std::time::Duration;

use ssh2::Channel;

use super::connection::Connection;
use super::quoted;
use crate::platform::SelfEnd;

/// How much is read at a time.
const CHUNK_BYTES: usize = 16 << 10;
/// How much is kept of what the console's program complains about.
const COMPLAINTS_BYTES: usize = 4 << 10;
/// How long the console's program may take to end.
const CLOSING: Duration = Duration::from_secs(5);

/// The console's program on the host, and the log.
pub(super) struct Console {
    channel: Channel,
    log: File,
    /// What its program complains about; of much only the end.
    complaints: Vec<u8>,
    /// The connection broke; the text says how.
    lost: Option<String>,
}

impl Console {
    /// Starts `command` on the host; what it prints goes to `log`.
    pub(super) fn open(connection: &Connection, command: &str, log: &Path) -> io::Result<Self> {
        let log = File::create(log)?;
        let channel = connection.start(&leashed(command)?)?;
        Ok(Self { channel, log, complaints: Vec::new(), lost: None })
    }

    /// What the board said since the last call.
    pub(super) fn read(&mut self, connection: &Connection) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if self.lost.is_none() {
            let read = connection.without_waiting(|| {
                // The end of the channel is seen only when both are read.
                read_what_is_there(&mut self.channel.stderr(), &mut self.complaints)?;
                read_what_is_there(&mut self.channel, &mut bytes)
            });
            self.lost = read.err().map(|error| error.to_string());
        }
        self.complaints.drain(..self.complaints.len().saturating_sub(COMPLAINTS_BYTES));
        self.log.write_all(&bytes)?;
        Ok(bytes)
    }

    /// Whether the console's program has ended, or the way to it is lost.
    pub(super) fn ended(&mut self, connection: &Connection) -> Option<SelfEnd> {
        if self.lost.is_none() {
            self.lost =
                connection.without_waiting(|| connection.keep_alive()).err().map(|error| error.to_string());
        }
        if let Some(how) = &self.lost {
            return Some(SelfEnd::Died(format!("the connection to the board's host is lost: {how}")));
        }
        if !self.channel.eof() {
            return None;
        }
        // The exit code is a help only: the end itself is known.
        let _ = self.channel.wait_close();
        let complaints = String::from_utf8_lossy(&self.complaints);
        Some(match (self.channel.exit_status(), complaints.lines().rfind(|line| !line.trim().is_empty())) {
            (Ok(0), _) => SelfEnd::PoweredOff,
            (Ok(code), None) => SelfEnd::Died(format!("the console's program ended with {code}")),
            (Ok(code), Some(last)) => {
                SelfEnd::Died(format!("the console's program ended with {code}: {last}"))
            }
            (Err(error), _) => SelfEnd::Died(format!("the console's program ended: {error}")),
        })
    }

    /// Ends the program.
    pub(super) fn close(mut self, connection: &Connection) {
        if self.lost.is_none() {
            // If this fails the host is gone, and its end of the leash with it.
            let _ = connection
                .patiently(CLOSING, || self.channel.send_eof().and_then(|()| self.channel.wait_close()));
        }
    }
}

fn read_what_is_there(channel: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut chunk = [0; CHUNK_BYTES];
    loop {
        match channel.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// `command` such that it ends, with everything it started, when the connection does: an SSH server leaves programs without
/// a terminal alone, and one that holds on to the serial line would be in everybody's way.
fn leashed(command: &str) -> io::Result<String> {
    let command = quoted(command)?;
    Ok(format!(
        "exec 3<&0; setsid sh -c {command} < /dev/null 3<&- & program=$!; \
         (cat <&3; kill -s KILL -- -$program) > /dev/null 2>&1 & exec 3<&-; wait $program"
    ))
}
