//! Logging in, and commands with their output.

use std::io::{self, Read as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use nix::sys::socket::{setsockopt, sockopt};
use ssh2::{Channel, CheckResult, HashType, KnownHostFileKind, MethodType, Session};
use thiserror::Error;

use super::PATIENCE;
use crate::config::Board;

/// How often a host that says nothing is asked whether it is still there, in seconds.
const KEEPALIVE_S: u32 = 5;
/// A host that acknowledges nothing for so long is gone.
const GONE_MS: u32 = 30_000;
/// How much of a command's output is kept.
const OUTPUT_LIMIT_BYTES: u64 = 64 << 10;
/// Host keys that are asked for, the best first.
const HOST_KEYS: &str =
    "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256";

/// A host that cannot be logged in to. The texts say what to do.
#[derive(Debug, Error)]
pub(super) enum LoginError {
    #[error("cannot reach {host} at port {port}: {source}; check the board file and the network")]
    Unreachable { host: String, port: u16, source: io::Error },
    #[error("{host} does not speak SSH as expected: {source}")]
    Handshake { host: String, source: ssh2::Error },
    #[error(
        "the key of {host} is not known: {fingerprint}; compare it with the host's own (`ssh-keygen -lf` there), then add it: \
         ssh-keyscan -p {port} {host} >> {known_hosts}"
    )]
    UnknownHost { host: String, port: u16, fingerprint: String, known_hosts: String },
    #[error(
        "the key of {host} is not the one in {known_hosts}: it shows {fingerprint}; somebody may sit in between: ask who runs \
         the host before you replace the old key"
    )]
    ChangedHost { host: String, fingerprint: String, known_hosts: String },
    #[error(
        "cannot read the known hosts in {known_hosts}: {source}; name a file of OpenSSH's format in `known_hosts`"
    )]
    KnownHosts { known_hosts: String, source: ssh2::Error },
    #[error("{host} does not let {user} in with {what}: {source}; {advice}")]
    Refused { host: String, user: String, what: String, source: ssh2::Error, advice: &'static str },
}

/// A session with the board's host.
pub(super) struct Connection {
    session: Session,
    host: String,
}

impl Connection {
    /// Logs in at `board`'s host.
    pub(super) fn open(board: &Board) -> Result<Self, LoginError> {
        let host = board.host.clone();
        let unreachable = |source| LoginError::Unreachable { host: host.clone(), port: board.port, source };
        let stream = connect(&board.host, board.port).map_err(unreachable)?;
        let handshake = |source| LoginError::Handshake { host: host.clone(), source };
        let mut session = Session::new().map_err(handshake)?;
        session.set_timeout(milliseconds(PATIENCE));
        session.method_pref(MethodType::HostKey, HOST_KEYS).map_err(handshake)?;
        session.set_tcp_stream(stream);
        session.handshake().map_err(handshake)?;
        check_host(&session, board)?;
        log_in(&session, board)?;
        session.set_keepalive(true, KEEPALIVE_S);
        Ok(Self { session, host: board.host.clone() })
    }

    /// Starts `command`.
    pub(super) fn start(&self, command: &str) -> io::Result<Channel> {
        let mut channel = self.session.channel_session()?;
        channel.exec(command)?;
        Ok(channel)
    }

    /// Runs `command` to its end and gives what it prints.
    pub(super) fn run(&self, command: &str) -> io::Result<String> {
        let mut channel = self.start(command)?;
        let (mut output, mut complaints) = (Vec::new(), Vec::new());
        channel.by_ref().take(OUTPUT_LIMIT_BYTES).read_to_end(&mut output)?;
        channel.stderr().take(OUTPUT_LIMIT_BYTES).read_to_end(&mut complaints)?;
        channel.close()?;
        channel.wait_close()?;
        match channel.exit_status()? {
            0 => Ok(String::from_utf8_lossy(&output).into_owned()),
            code => {
                let complaints = String::from_utf8_lossy(&complaints);
                let last =
                    complaints.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it says nothing");
                Err(io::Error::other(format!("`{command}` on {} ended with {code}: {last}", self.host)))
            }
        }
    }

    /// Does `action` without waiting for the host.
    pub(super) fn without_waiting<T>(&self, action: impl FnOnce() -> T) -> T {
        self.session.set_blocking(false);
        let done = action();
        self.session.set_blocking(true);
        done
    }

    /// Does `action`, which may take as long as `patience`.
    pub(super) fn patiently<T>(&self, patience: Duration, action: impl FnOnce() -> T) -> T {
        self.session.set_timeout(milliseconds(patience));
        let done = action();
        self.session.set_timeout(milliseconds(PATIENCE));
        done
    }

    /// Lets the host know that it is still wanted, and finds out whether it still answers.
    pub(super) fn keep_alive(&self) -> io::Result<()> {
        self.session.keepalive_send()?;
        Ok(())
    }
}

fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => {
                // A host that lost its power acknowledges nothing: without this the system would go on hoping for a quarter
                // of an hour.
                setsockopt(&stream, sockopt::TcpUserTimeout, &GONE_MS)?;
                return Ok(stream);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Compares the host's key with the known ones.
fn check_host(session: &Session, board: &Board) -> Result<(), LoginError> {
    let (host, known_hosts) = (board.host.clone(), board.known_hosts.display().to_string());
    let unreadable = |source| LoginError::KnownHosts { known_hosts: known_hosts.clone(), source };
    let mut known = session.known_hosts().map_err(unreadable)?;
    known.read_file(&board.known_hosts, KnownHostFileKind::OpenSSH).map_err(unreadable)?;
    let fingerprint =
        session.host_key_hash(HashType::Sha256).map_or_else(|| "no key".to_owned(), fingerprint);
    let Some((key, _)) = session.host_key() else {
        return Err(LoginError::UnknownHost { host, port: board.port, fingerprint, known_hosts });
    };
    match known.check_port(&board.host, board.port, key) {
        CheckResult::Match => Ok(()),
        CheckResult::Mismatch => Err(LoginError::ChangedHost { host, fingerprint, known_hosts }),
        CheckResult::NotFound | CheckResult::Failure => {
            Err(LoginError::UnknownHost { host, port: board.port, fingerprint, known_hosts })
        }
    }
}

/// A hash of a key as OpenSSH prints it.
fn fingerprint(sha256: &[u8]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(sha256))
}

/// Shows the host the user's key.
fn log_in(session: &Session, board: &Board) -> Result<(), LoginError> {
    let (what, advice, done) = match &board.key {
        Some(key) => (
            format!("the key {}", key.display()),
            "put its public half into authorized_keys there; a key with a passphrase belongs into an agent: remove `key`",
            session.userauth_pubkey_file(&board.user, None, key, None),
        ),
        None => (
            "any key of the agent".to_owned(),
            "start an agent and add the key to it (ssh-add), or name a key file in `key`",
            session.userauth_agent(&board.user),
        ),
    };
    done.map_err(|source| LoginError::Refused {
        host: board.host.clone(),
        user: board.user.clone(),
        what,
        source,
        advice,
    })
}

fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
