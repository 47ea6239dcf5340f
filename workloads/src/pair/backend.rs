//! What wakes a peer that sleeps.

/// What wakes a peer that sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    /// A store that interrupts it.
    UserInterrupts,
    /// A signal by way of the kernel.
    KernelNotifications,
}

/// The words that stand for them in parameters.
pub(crate) const BACKENDS: &[(&str, Backend)] =
    &[("uintr", Backend::UserInterrupts), ("kernel", Backend::KernelNotifications)];

impl Backend {
    /// As an argument of a process.
    pub(crate) const fn word(self) -> u64 {
        self as u64
    }

    /// Reads [`Backend::word`] back.
    pub(crate) const fn from_word(word: u64) -> Self {
        if word == Self::UserInterrupts.word() { Self::UserInterrupts } else { Self::KernelNotifications }
    }
}
