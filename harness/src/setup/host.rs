//! The machine that set-up looks at and changes, behind a trait so that every decision is tested without one.

use std::env;
use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

/// A program with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    words: Vec<String>,
}

impl Invocation {
    /// `program` with `arguments`.
    pub fn new<'a>(program: &str, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        let arguments = arguments.into_iter().map(str::to_owned);
        Self { words: std::iter::once(program.to_owned()).chain(arguments).collect() }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]);
        command
    }
}

/// The command line; no word that set-up uses needs quoting.
impl fmt::Display for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words.join(" "))
    }
}

/// What set-up needs to know of a machine, and may do to it.
pub trait Host {
    /// The value of an environment variable, if it is set and not empty.
    fn variable(&self, name: &str) -> Option<String>;
    /// Whether a file or directory exists.
    fn exists(&self, path: &Path) -> bool;
    /// Whether `program` is found on the search path.
    fn has_program(&self, program: &str) -> bool;
    /// What a program prints, without showing it; `None` if it cannot be run or fails.
    fn query(&self, invocation: &Invocation) -> Option<String>;
    /// Runs a program in front of the user; whether it succeeded.
    fn run(&self, invocation: &Invocation) -> bool;
    /// Tells the user something.
    fn say(&self, text: &str);
}

/// The machine this process runs on.
#[derive(Clone, Copy, Debug)]
pub struct LocalHost;

impl Host for LocalHost {
    fn variable(&self, name: &str) -> Option<String> {
        env::var(name).ok().filter(|value| !value.is_empty())
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn has_program(&self, program: &str) -> bool {
        let directories = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&directories).any(|directory| directory.join(program).is_file())
    }

    fn query(&self, invocation: &Invocation) -> Option<String> {
        let output = invocation.command().stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn run(&self, invocation: &Invocation) -> bool {
        // What installers print is no result of the command that the user gave, so it goes where messages go.
        let mut command = invocation.command();
        command.stdin(Stdio::null()).stdout(std::io::stderr());
        command.status().is_ok_and(|status| status.success())
    }

    fn say(&self, text: &str) {
        eprintln!("{text}");
    }
}
