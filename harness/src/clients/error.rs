//! What a client can complain about.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use thiserror::Error;

/// Why a client was not served as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClientError {
    /// The server took no connection.
    #[error("client {client} was not taken on by {address} within {} s: {why}", waited.as_secs())]
    NotTaken {
        /// The client.
        client: u32,
        /// The server.
        address: SocketAddr,
        /// How long it tried.
        waited: Duration,
        /// What became of its last attempt.
        why: String,
    },
    /// A byte came back changed.
    #[error(
        "client {client}, message {message}: byte {offset} came back as {found:#04x}, but {sent:#04x} was sent"
    )]
    WrongByte {
        /// The client.
        client: u32,
        /// The message, from 0 with every connection.
        message: u64,
        /// Where in the message.
        offset: usize,
        /// What was sent.
        sent: u8,
        /// What came back.
        found: u8,
    },
    /// An answer did not come, or not all of it.
    #[error("client {client}, message {message}: {loss} after {offset} bytes of the answer")]
    NoAnswer {
        /// The client.
        client: u32,
        /// The message, from 0 with every connection.
        message: u64,
        /// How much of the answer had come.
        offset: usize,
        /// What happened.
        loss: Loss,
    },
    /// More came back than was sent.
    #[error("client {client}: byte {found:#04x} came behind the last answer")]
    TooMuch {
        /// The client.
        client: u32,
        /// What came.
        found: u8,
    },
    /// The server did not end the connection as it should.
    #[error("client {client}: at the end of its connection {loss}")]
    NoEnd {
        /// The client.
        client: u32,
        /// What happened.
        loss: Loss,
    },
}

/// How a connection was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// The server reset it.
    Reset,
    /// The server sends no more.
    Closed,
    /// The server said nothing for so long.
    Silence(Duration),
    /// Something else, in the system's words.
    Other(String),
}

impl Loss {
    /// What `error` means for a client that waits for `patience`.
    pub(super) fn of(error: &io::Error, patience: Duration) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
                Self::Reset
            }
            io::ErrorKind::UnexpectedEof => Self::Closed,
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Self::Silence(patience),
            _ => Self::Other(error.to_string()),
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reset => f.write_str("the server reset the connection"),
            Self::Closed => f.write_str("the server closed the connection"),
            Self::Silence(patience) => write!(f, "the server said nothing for {} s", patience.as_secs_f64()),
            Self::Other(error) => write!(f, "the connection broke ({error})"),
        }
    }
}
