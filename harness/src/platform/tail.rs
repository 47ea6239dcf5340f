//! Following a file that somebody else appends to.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// The part of a growing file that was not read yet.
#[derive(Debug)]
pub(super) struct Tail {
    path: PathBuf,
    /// The file, once it exists.
    file: Option<File>,
}

impl Tail {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), file: None }
    }

    /// What was appended since the last call.
    pub(super) fn read(&mut self) -> io::Result<Vec<u8>> {
        if self.file.is_none() {
            match File::open(&self.path) {
                Ok(file) => self.file = Some(file),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
                Err(error) => return Err(error),
            }
        }
        let mut bytes = Vec::new();
        if let Some(file) = &mut self.file {
            file.read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn each_byte_is_read_once_and_a_file_that_is_not_there_yet_is_empty() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = dir.path().join("serial.log");
        let mut tail = Tail::new(&path);
        assert_eq!(tail.read().expect("readable"), b"");
        let mut file = File::create(&path).expect("creatable");
        file.write_all(b"one").expect("writable");
        assert_eq!(tail.read().expect("readable"), b"one");
        file.write_all(b"two").expect("writable");
        assert_eq!(tail.read().expect("readable"), b"two");
        assert_eq!(tail.read().expect("readable"), b"");
    }
}
