//! A sign of life for who watches the emulator from outside: how far the slowest hart is that should be running.
//!
//! What all harts did together would not do: when a schedule stalls, one hart may spin for ever, waiting for another one that never gets
//! its turn.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// How much progress is one beat, in instructions or cycles.
const BEAT: u64 = 1 << 22;

/// The file that holds the progress, as a little-endian number of 64 bits.
#[derive(Debug)]
pub struct Heartbeat {
    file: File,
    next: u64,
}

impl Heartbeat {
    /// Makes the file; what it holds is 0.
    ///
    /// # Errors
    ///
    /// The file cannot be made or written.
    pub fn new(path: &Path) -> io::Result<Self> {
        let mut heartbeat = Self { file: File::create(path)?, next: 0 };
        heartbeat.progress(0)?;
        Ok(heartbeat)
    }

    /// The guest has come to `clock`, by the clock by which its harts take turns.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn progress(&mut self, clock: u64) -> io::Result<()> {
        if clock < self.next {
            return Ok(());
        }
        self.next = clock + BEAT;
        self.file.write_all_at(&clock.to_le_bytes(), 0)
    }
}

/// The progress that the file at `path` holds; 0 if there is none yet.
#[must_use]
pub fn read(path: &Path) -> u64 {
    let bytes = std::fs::read(path).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_back_beat_by_beat() {
        let folder = tempfile::tempdir().expect("temporary directory");
        let path = folder.path().join("heartbeat");
        assert_eq!(read(&path), 0);
        let mut heartbeat = Heartbeat::new(&path).expect("writable");
        for (cycles, seen) in [(5, 0), (BEAT, BEAT), (BEAT + 9, BEAT)] {
            heartbeat.progress(cycles).expect("writable");
            assert_eq!(read(&path), seen);
        }
    }
}
