//! Board files: how to reach a board that hangs off another machine, and what to say to it.
//!
//! A matrix names the board file of a platform, so that the matrix can be shared and what is true of one laboratory only
//! stays out of it. No file holds a secret: keys come from the user's agent or from a key file.

use std::env;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::{ConfigError, Diagnostic};

/// Where the image's path on the board's host is put into a command.
pub const IMAGE: &str = "{image}";
/// Where the boot arguments are put into a command.
pub const BOOTARGS: &str = "{bootargs}";
/// How long to wait for a board that somebody else uses, if the file does not say.
const LOCK_WAIT_S: u32 = 600;
/// The longest wait that makes sense.
const LONGEST_WAIT_S: u32 = 86_400;

/// A board behind a host that speaks SSH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// The board's host: a name or an address.
    pub host: String,
    /// The port of its SSH server.
    pub port: u16,
    /// The user to log in as.
    pub user: String,
    /// The host keys that are trusted, in OpenSSH's format.
    pub known_hosts: PathBuf,
    /// The private key to log in with; without one the user's agent is asked.
    pub key: Option<PathBuf>,
    /// The folder on the host that takes image and lock, relative to the user's home.
    pub folder: String,
    /// Prints what the board is.
    pub identify: String,
    /// Prints what the board says on its serial line until its standard input ends.
    pub console: String,
    /// Makes the board start the image.
    pub reset: Option<String>,
    /// Turns the board off.
    pub off: Option<String>,
    /// How long to wait for a board that is in use.
    pub lock_wait: Duration,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBoard {
    host: Spanned<String>,
    port: Option<u16>,
    user: Spanned<String>,
    known_hosts: Option<PathBuf>,
    key: Option<PathBuf>,
    folder: Spanned<String>,
    identify: Spanned<String>,
    console: Spanned<String>,
    reset: Option<Spanned<String>>,
    off: Option<Spanned<String>>,
    lock_wait_s: Option<Spanned<u32>>,
}

impl Board {
    /// Reads the board file at `path`; files that it names are relative to it, or to the home folder after `~/`.
    ///
    /// # Errors
    /// The file cannot be read or is not a board file: every mistake with line, column and what to do about it.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let at = |span: Range<usize>, message: String| Diagnostic::at(path, text, span, message);
        let raw: RawBoard = toml::from_str(text).map_err(|error| {
            let message = error.message().trim_end().replace('\n', "; ");
            ConfigError::Invalid(vec![at(error.span().unwrap_or(0..0), message)])
        })?;
        let mut mistakes = Vec::new();
        let needed = [
            (&raw.host, "host"),
            (&raw.user, "user"),
            (&raw.folder, "folder"),
            (&raw.identify, "identify"),
            (&raw.console, "console"),
        ];
        for (value, key) in needed {
            if value.get_ref().trim().is_empty() {
                mistakes.push(at(value.span(), format!("`{key}` is empty; see docs/boards.md")));
            }
        }
        let starters = [Some(&raw.console), raw.reset.as_ref()];
        if !starters.into_iter().flatten().any(|command| command.get_ref().contains(IMAGE)) {
            let message = format!(
                "neither `console` nor `reset` names {IMAGE}, so nothing would start what is measured; put it where the \
                 command takes the image's path"
            );
            mistakes.push(at(raw.console.span(), message));
        }
        let lock_wait = raw.lock_wait_s.as_ref().map_or(LOCK_WAIT_S, |wait| *wait.get_ref());
        if let Some(wait) = raw.lock_wait_s.as_ref().filter(|wait| *wait.get_ref() > LONGEST_WAIT_S) {
            mistakes.push(at(wait.span(), format!("give `lock_wait_s` a number from 0 to {LONGEST_WAIT_S}")));
        }
        if !mistakes.is_empty() {
            return Err(ConfigError::Invalid(mistakes));
        }
        let file = |file: PathBuf| local(path, &file);
        Ok(Self {
            host: raw.host.into_inner(),
            port: raw.port.unwrap_or(22),
            user: raw.user.into_inner(),
            known_hosts: file(raw.known_hosts.unwrap_or_else(|| "~/.ssh/known_hosts".into())),
            key: raw.key.map(file),
            folder: raw.folder.into_inner(),
            identify: raw.identify.into_inner(),
            console: raw.console.into_inner(),
            reset: raw.reset.map(Spanned::into_inner),
            off: raw.off.map(Spanned::into_inner),
            lock_wait: Duration::from_secs(lock_wait.into()),
        })
    }
}

/// A file named by the board file `board`.
fn local(board: &Path, file: &Path) -> PathBuf {
    match (file.strip_prefix("~"), env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => board.parent().unwrap_or(Path::new("")).join(file),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
host = "lab"
user = "rel4"
key = "id"
folder = "rel4"
identify = "cat board"
console = "picocom /dev/ttyUSB0"
reset = "boot {image} {bootargs}"
"#;

    fn mistakes(text: &str) -> String {
        Board::parse(Path::new("lab/b.toml"), text).expect_err("wrong").to_string()
    }

    #[test]
    fn a_board_file_has_usual_values_for_what_it_does_not_say() {
        let board = Board::parse(Path::new("lab/b.toml"), GOOD).expect("good");
        assert_eq!((board.port, board.lock_wait), (22, Duration::from_secs(600)));
        assert_eq!(board.key.as_deref(), Some(Path::new("lab/id")));
        assert!(board.known_hosts.ends_with(".ssh/known_hosts"), "{}", board.known_hosts.display());
    }

    #[test]
    fn mistakes_come_with_their_place_and_what_to_do() {
        let nothing_starts = GOOD.replace("{image}", "");
        assert!(
            mistakes(&nothing_starts)
                .starts_with("lab/b.toml:7:11: neither `console` nor `reset` names {image}")
        );
        let empty = GOOD.replace("\"lab\"", "\"\"");
        assert_eq!(mistakes(&empty), "lab/b.toml:2:8: `host` is empty; see docs/boards.md");
        assert!(mistakes(&format!("{GOOD}password = \"x\"\n")).contains("unknown field `password`"));
        assert!(mistakes(&format!("{GOOD}lock_wait_s = 100000\n")).contains("from 0 to 86400"));
    }
}
