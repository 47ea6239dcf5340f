//! Faults that can be planted.

use core::cell::Cell;

use rel4_runtime::interrupt::Notify;
use rel4_runtime::uintr::Sender;

/// What goes wrong once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing.
    None,
    /// The client does not notify the server when it should.
    LostNotification,
    /// The server does not answer a call.
    LostAnswer,
    /// The client makes a call twice.
    SecondCall,
}

/// The words that stand for them in parameters.
pub(super) const FAULTS: &[(&str, Fault)] = &[
    ("none", Fault::None),
    ("lost-notification", Fault::LostNotification),
    ("lost-answer", Fault::LostAnswer),
    ("second-call", Fault::SecondCall),
];

/// The notification, or the call, that a fault befalls.
pub(super) const WHEN: u64 = 100;

impl Fault {
    /// As an argument of a process.
    pub(super) const fn word(self) -> u64 {
        self as u64
    }

    /// Reads [`Fault::word`] back.
    pub(super) fn from_word(word: u64) -> Self {
        let known = FAULTS.iter().find(|(_, fault)| fault.word() == word);
        known.map_or(Self::None, |&(_, fault)| fault)
    }
}

/// A bell that may lose a notification.
#[derive(Debug)]
pub(super) struct Bell {
    sender: Sender,
    fault: Fault,
    rung: Cell<u64>,
}

impl Bell {
    pub(super) const fn new(sender: Sender, fault: Fault) -> Self {
        Self { sender, fault, rung: Cell::new(0) }
    }
}

impl Notify for Bell {
    fn notify(&self) {
        self.rung.set(self.rung.get() + 1);
        if self.fault != Fault::LostNotification || self.rung.get() != WHEN {
            self.sender.notify();
        }
    }
}
