//! How a thread sends and receives.

/// How a message is sent, or an operation asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SendKind {
    /// Block until it is received.
    Blocking,
    /// Drop it if nobody waits.
    NonBlocking,
    /// Block until it is received, then until it is answered.
    Call,
}

/// Whether a receive blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReceiveKind {
    /// Wait for a message.
    Blocking,
    /// Return at once with badge 0 if there is none.
    NonBlocking,
}
