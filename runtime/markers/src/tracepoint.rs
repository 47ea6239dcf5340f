//! Where the stages of an operation begin.

/// A point at which a stage of an operation begins and the one before it ends. The first stage begins with the operation, the last one ends
/// with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tracepoint {
    /// From the instruction that traps until all registers are saved.
    Entry,
    /// What the trap is for.
    Decode,
    /// Capabilities, and what they name.
    Lookup,
    /// The message, and what both sides are to do from now on.
    Transfer,
    /// Who runs next.
    Schedule,
    /// Another thread's address space and processor state take the place of those before.
    Switch,
    /// Registers are restored, up to the first instruction of the thread that goes on.
    Exit,
    /// The sender of a notification sends it.
    Send,
    /// It has sent it.
    Deliver,
    /// The receiver's interrupt handler is entered.
    Enter,
    /// The receiver has the notification.
    Wake,
    /// What the notification was for goes on.
    Done,
    /// A client's coroutine: checks an answer, makes the next request.
    Issue,
    /// A message goes into a ring, and its reader's flag is looked at.
    Write,
    /// The reader is notified.
    Notify,
    /// A ring is looked at, messages are taken from it, and coroutines are woken for them.
    Look,
    /// The server handles a request.
    Handle,
    /// The dispatcher chooses coroutines, enters and leaves them, falls asleep and wakes.
    Dispatch,
}

impl Tracepoint {
    /// The stages of a system call, in the order in which it usually comes by.
    pub const OF_SYSTEM_CALL: [Self; 7] =
        [Self::Entry, Self::Decode, Self::Lookup, Self::Transfer, Self::Schedule, Self::Switch, Self::Exit];

    /// The tracepoints of a notification's way through programs.
    pub const OF_NOTIFICATION: [Self; 5] = [Self::Send, Self::Deliver, Self::Enter, Self::Wake, Self::Done];

    /// The stages of a call in the two programs; those of system calls come in between.
    pub const OF_CALL: [Self; 6] =
        [Self::Issue, Self::Write, Self::Notify, Self::Look, Self::Handle, Self::Dispatch];

    /// Every tracepoint.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::OF_SYSTEM_CALL.into_iter().chain(Self::OF_NOTIFICATION).chain(Self::OF_CALL)
    }

    /// Its index among the markers of its role.
    #[must_use]
    pub const fn index(self) -> u32 {
        match self {
            Self::Entry => 1,
            Self::Decode => 2,
            Self::Lookup => 3,
            Self::Transfer => 4,
            Self::Schedule => 5,
            Self::Switch => 6,
            Self::Exit => 7,
            Self::Send => 8,
            Self::Deliver => 9,
            Self::Enter => 10,
            Self::Wake => 11,
            Self::Done => 12,
            Self::Issue => 13,
            Self::Write => 14,
            Self::Notify => 15,
            Self::Look => 16,
            Self::Handle => 17,
            Self::Dispatch => 18,
        }
    }

    /// The tracepoint with this index.
    #[must_use]
    pub fn from_index(index: u32) -> Option<Self> {
        Self::all().find(|tracepoint| tracepoint.index() == index)
    }

    /// The name of the stage that begins there.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Decode => "decode",
            Self::Lookup => "lookup",
            Self::Transfer => "transfer",
            Self::Schedule => "schedule",
            Self::Switch => "switch",
            Self::Exit => "exit",
            Self::Send => "send",
            Self::Deliver => "deliver",
            Self::Enter => "enter",
            Self::Wake => "wake",
            Self::Done => "done",
            Self::Issue => "issue",
            Self::Write => "write",
            Self::Notify => "notify",
            Self::Look => "look",
            Self::Handle => "handle",
            Self::Dispatch => "dispatch",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_tracepoints_share_an_index() {
        for tracepoint in Tracepoint::all() {
            assert_eq!(Tracepoint::from_index(tracepoint.index()), Some(tracepoint));
        }
        assert_eq!(Tracepoint::from_index(0), None);
    }
}
