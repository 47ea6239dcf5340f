//! A child process that never outlives the harness.
#![allow(unsafe_code, reason = "the parent-death signal can only be asked for between fork and exec")]

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use nix::sys::prctl;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::platform::SelfEnd;

/// How many lines of its complaints are told when a child breaks down.
const LAST_LINES: usize = 2;

/// A child in a process group of its own: an interrupt typed at the terminal reaches the harness alone, which then
/// ends the whole group. If the harness itself is killed, the system kills the child.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    /// What the child complains about.
    complaints: File,
    stopped: bool,
}

impl Process {
    /// Starts `command`, program first, in `folder`. The calling thread must live as long as the child.
    pub(super) fn start(command: &[OsString], folder: &Path) -> io::Result<Self> {
        let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let complaints = tempfile::tempfile()?;
        let mut builder = Command::new(program);
        builder.args(arguments).current_dir(folder).stdin(Stdio::null()).stdout(complaints.try_clone()?);
        builder.stderr(complaints.try_clone()?).process_group(0);
        // SAFETY: between fork and exec the closure makes one system call (prctl) and touches no memory that another
        // thread of the parent could have left locked or half-written.
        unsafe {
            builder.pre_exec(|| Ok(prctl::set_pdeathsig(Signal::SIGKILL)?));
        }
        Ok(Self { child: builder.spawn()?, complaints, stopped: false })
    }

    /// How the child ended by itself, if it did.
    pub(super) fn ended(&mut self) -> io::Result<Option<SelfEnd>> {
        Ok(match self.child.try_wait()? {
            None => None,
            Some(status) if status.success() => Some(SelfEnd::PoweredOff),
            Some(status) => Some(SelfEnd::Died(self.describe(status))),
        })
    }

    /// Processor time that the child has used, in ticks of the system's clock.
    pub(super) fn processor_time(&self) -> io::Result<u64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name in parentheses may hold anything; user and system time are the 12th and 13th field behind it.
        let fields = stat.rsplit_once(')').map(|(_, rest)| rest.split_ascii_whitespace().skip(11).take(2));
        let times = fields.map(|fields| fields.map(str::parse::<u64>).sum::<Result<u64, _>>());
        times.and_then(Result::ok).ok_or_else(|| io::Error::other("/proc/PID/stat has another form"))
    }

    /// The port on which the child listens for TCP connections; the lowest, if there are several.
    pub(super) fn listening_port(&self) -> io::Result<Option<u16>> {
        let process = Path::new("/proc").join(self.child.id().to_string());
        let opened = fs::read_dir(process.join("fd"))?;
        // A file that was closed meanwhile has no link any more, and is not listened on.
        let opened = opened.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
        let sockets: BTreeSet<String> = opened.filter_map(|file| inode(&file)).collect();
        let table = fs::read_to_string(process.join("net/tcp"))?;
        let listening = table.lines().skip(1).filter_map(listening_socket);
        Ok(listening.filter(|(_, inode)| sockets.contains(*inode)).map(|(port, _)| port).min())
    }

    fn describe(&mut self, status: ExitStatus) -> String {
        let how = match (status.code(), status.signal()) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(signal)) => {
                let name = Signal::try_from(signal).map_or_else(|_| signal.to_string(), |s| s.to_string());
                format!("killed by {name}")
            }
            (None, None) => "unknown status".to_owned(),
        };
        let mut text = Vec::new();
        // The reason is a help only: without it the exit code still says what happened.
        let _ = self.complaints.rewind().and_then(|()| self.complaints.read_to_end(&mut text));
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        // QEMU's last words often only say that something failed that said why before.
        match lines[lines.len().saturating_sub(LAST_LINES)..].join("; ") {
            words if words.is_empty() => how,
            words => format!("{how}: {words}"),
        }
    }

    /// Ends the child and everything it started.
    pub(super) fn stop(&mut self) {
        // Once only: later the number may belong to somebody else's group.
        if std::mem::replace(&mut self.stopped, true) {
            return;
        }
        if let Ok(group) = i32::try_from(self.child.id()) {
            // The group may be gone already, which is what is wanted.
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        // Waiting collects the exit status; a child that was waited for before answers at once.
        let _ = self.child.wait();
    }
}

/// The inode of the socket to which the link of an opened file leads, if it is a socket.
fn inode(link: &Path) -> Option<String> {
    Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
}

/// Port and inode of a row of the system's table of TCP sockets, if the socket listens.
fn listening_socket(row: &str) -> Option<(u16, &str)> {
    let fields: Vec<&str> = row.split_ascii_whitespace().collect();
    let [_, local, _, LISTENING, .., _] = fields[..] else { return None };
    let port = u16::from_str_radix(local.rsplit_once(':')?.1, 16).ok()?;
    Some((port, fields.get(9)?))
}

/// A listening socket's state in that table.
const LISTENING: &str = "0A";

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;
    use std::time::Duration;

    use super::*;

    fn start(script: &str) -> Process {
        Process::start(&["sh".into(), "-c".into(), script.into()], Path::new(".")).expect("sh starts")
    }

    fn end_of(script: &str) -> SelfEnd {
        let mut process = start(script);
        loop {
            if let Some(end) = process.ended().expect("its state is known") {
                return end;
            }
            sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn the_three_ways_to_end_are_told_apart() {
        assert_eq!(end_of("exit 0"), SelfEnd::PoweredOff);
        assert_eq!(
            end_of("echo could not open it >&2; exit 1"),
            SelfEnd::Died("exit code 1: could not open it".into())
        );
        assert_eq!(
            end_of("for word in much why what; do echo $word >&2; done; exit 1"),
            SelfEnd::Died("exit code 1: why; what".into())
        );
        assert_eq!(end_of("kill -SEGV $$"), SelfEnd::Died("killed by SIGSEGV".into()));
    }

    #[test]
    fn a_process_that_computes_uses_processor_time_and_one_that_waits_does_not() {
        let (busy, waiting) = (start("while :; do :; done"), start("sleep 1000"));
        let before = waiting.processor_time().expect("known");
        while busy.processor_time().expect("known") < 5 {
            sleep(Duration::from_millis(5));
        }
        assert!(waiting.processor_time().expect("known") <= before + 1);
    }

    #[test]
    fn the_port_on_which_a_process_listens_is_found() {
        // The child inherits the socket, and this process keeps it open no longer than the child needs to start.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = listener.local_addr().expect("it has an address").port();
        let inherited = nix::unistd::dup(&listener).expect("it can be copied");
        let process = start("sleep 1000");
        assert_eq!(process.listening_port().expect("known"), Some(port));
        drop(inherited);
        drop(process);
        assert_eq!(start("sleep 1000").listening_port().expect("known"), None);
    }

    #[test]
    fn stopping_ends_the_children_of_the_child_too() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let file = dir.path().join("pid");
        let mut process = start(&format!("sleep 1000 & echo $! > {}; wait", file.display()));
        let pid = loop {
            if let Ok(pid) = fs::read_to_string(&file).unwrap_or_default().trim().parse() {
                break pid;
            }
            sleep(Duration::from_millis(5));
        };
        process.stop();
        // The orphan is collected by init some time after it was killed.
        let gone = || nix::sys::signal::kill(Pid::from_raw(pid), None).is_err() || is_zombie(pid);
        assert!((0..400).any(|_| {
            sleep(Duration::from_millis(5));
            gone()
        }));
    }

    fn is_zombie(pid: i32) -> bool {
        fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "))
    }
}
