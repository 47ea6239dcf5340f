//! An SSH server on the loopback interface that lets one key in and runs commands with the shell, as sshd does: without a terminal,
//! with the command's standard input open until the client ends it or the connection is gone.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use russh::keys::{Algorithm, HashAlg, PrivateKey, PublicKey};
use russh::server::{self, Auth, ChannelOpenHandle, Msg, Session};
use russh::{Channel, ChannelId, ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::runtime::Runtime;

/// Standard error among a channel's extended data (RFC 4254, section 5.2).
const STDERR: u32 = 1;

/// A key made for one test.
pub(crate) fn new_key() -> PrivateKey {
    PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519).expect("keys can be made")
}

/// The server. Dropping it is a power cut of the host: every connection breaks at once.
pub(crate) struct Server {
    runtime: Option<Runtime>,
    pub(crate) address: SocketAddr,
    host_key: PublicKey,
}

impl Server {
    /// Serves the user who has `user_key`; commands run in `home`.
    pub(crate) fn start(user_key: &PublicKey, home: &Path) -> Self {
        let key = new_key();
        let host_key = key.public_key().clone();
        let config = Arc::new(server::Config {
            keys: vec![key],
            auth_rejection_time: Duration::ZERO,
            ..server::Config::default()
        });
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let host = Host { user_key: user_key.clone(), home: home.to_owned(), sessions: HashMap::new() };
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (config, host) = (Arc::clone(&config), host.clone());
                tokio::spawn(async move {
                    if let Ok(session) = server::run_stream(config, stream, host).await {
                        // A client that goes away in the middle is what some tests are about.
                        let _ = session.await;
                    }
                });
            }
        });
        Self { runtime: Some(runtime), address, host_key }
    }

    /// The server's line in a file of known hosts.
    pub(crate) fn known_host(&self) -> String {
        self.line_for(&self.host_key)
    }

    /// A line that says that this server has `key`.
    pub(crate) fn line_for(&self, key: &PublicKey) -> String {
        let key = key.to_openssh().expect("it has a text");
        format!("[{}]:{} {key}\n", self.address.ip(), self.address.port())
    }

    /// The host key's fingerprint, as OpenSSH prints it.
    pub(crate) fn fingerprint(&self) -> String {
        self.host_key.fingerprint(HashAlg::Sha256).to_string()
    }

    /// Cuts the host's power.
    pub(crate) fn cut_power(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.cut_power();
    }
}

/// One connection.
struct Host {
    user_key: PublicKey,
    home: PathBuf,
    /// Channels in which no command runs yet.
    sessions: HashMap<ChannelId, Channel<Msg>>,
}

impl Clone for Host {
    fn clone(&self) -> Self {
        Self { user_key: self.user_key.clone(), home: self.home.clone(), sessions: HashMap::new() }
    }
}

impl server::Handler for Host {
    type Error = russh::Error;

    async fn auth_publickey_offered(&mut self, _: &str, key: &PublicKey) -> Result<Auth, Self::Error> {
        Ok(if key.key_data() == self.user_key.key_data() { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_publickey(&mut self, user: &str, key: &PublicKey) -> Result<Auth, Self::Error> {
        self.auth_publickey_offered(user, key).await
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        self.sessions.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        id: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let command: Cow<'_, str> = String::from_utf8_lossy(command);
        let child = Command::new("sh")
            .args(["-c", &command])
            .current_dir(&self.home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        match (child, self.sessions.remove(&id)) {
            (Ok(child), Some(channel)) => {
                session.channel_success(id)?;
                tokio::spawn(attend(child, channel));
            }
            _ => session.channel_failure(id)?,
        }
        Ok(())
    }
}

/// Carries what is said between `child` and the client, until both have had enough.
async fn attend(mut child: Child, channel: Channel<Msg>) {
    let (from_client, to_client) = channel.split();
    let (stdout, stderr) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
    // It ends with the connection, and the command's standard input with it.
    let input = tokio::spawn(feed(child.stdin.take().expect("piped"), from_client));
    tokio::join!(tell(stdout, &to_client, None), tell(stderr, &to_client, Some(STDERR)));
    let code = child.wait().await.ok().and_then(|status| status.code()).unwrap_or(255);
    // The client may be gone: then nobody wants to know.
    let _ = to_client.exit_status(u32::try_from(code).unwrap_or(255)).await;
    let _ = to_client.eof().await;
    let _ = to_client.close().await;
    input.abort();
}

async fn feed(mut stdin: tokio::process::ChildStdin, mut from_client: ChannelReadHalf) {
    while let Some(message) = from_client.wait().await {
        match message {
            ChannelMsg::Data { data } if stdin.write_all(&data).await.is_ok() => {}
            ChannelMsg::Data { .. } | ChannelMsg::Eof | ChannelMsg::Close => return,
            _ => {}
        }
    }
}

async fn tell(mut output: impl AsyncRead + Unpin, to_client: &ChannelWriteHalf<Msg>, extended: Option<u32>) {
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = output.read(&mut chunk).await {
        let sent = match extended {
            None => to_client.data(&chunk[..count]).await,
            Some(code) => to_client.extended_data(code, &chunk[..count]).await,
        };
        if sent.is_err() {
            return;
        }
    }
}
