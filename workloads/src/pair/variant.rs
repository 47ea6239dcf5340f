//! Variants of the runtime that ablations compare.

/// When a peer is notified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotifyWhen {
    /// When it has said that it sleeps.
    Asleep,
    /// With every message.
    Always,
}

/// The words that stand for them in parameters.
pub(crate) const NOTIFY: &[(&str, NotifyWhen)] =
    &[("asleep", NotifyWhen::Asleep), ("always", NotifyWhen::Always)];

impl NotifyWhen {
    /// As an argument of a process.
    pub(crate) const fn word(self) -> u64 {
        self as u64
    }

    /// Reads [`NotifyWhen::word`] back.
    pub(crate) const fn from_word(word: u64) -> Self {
        if word == Self::Always.word() { Self::Always } else { Self::Asleep }
    }
}

/// What holds the coroutines that are ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QueueKind {
    /// Bits in memory.
    Software,
    /// The thread's interrupt file.
    Hardware,
}

/// The words that stand for them in parameters.
pub(crate) const QUEUES: &[(&str, QueueKind)] =
    &[("software", QueueKind::Software), ("hardware", QueueKind::Hardware)];

impl QueueKind {
    /// As an argument of a process.
    pub(crate) const fn word(self) -> u64 {
        self as u64
    }

    /// Reads [`QueueKind::word`] back.
    pub(crate) const fn from_word(word: u64) -> Self {
        if word == Self::Hardware.word() { Self::Hardware } else { Self::Software }
    }
}
