//! A system call on its way, as a future.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use super::calls::{Call, Calls};
use crate::error::Error;

/// Why an asynchronous system call did not do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsyncError {
    /// The kernel refused, as it would refuse a trap. What would be a capability fault of a trap is `FailedLookup` on the source side.
    Kernel(Error),
    /// The call never reached the kernel: as many as there is room for are unanswered, or nobody has taken their answers.
    Full,
}

impl fmt::Display for AsyncError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernel(error) => error.fmt(f),
            Self::Full => f.write_str("Full"),
        }
    }
}

impl core::error::Error for AsyncError {}

/// A system call on its way; see [`Syscalls::invoke`](super::Syscalls::invoke). One that is dropped before it is complete is carried out
/// all the same, and takes its room until then.
#[derive(Debug)]
#[must_use = "the answer is lost if nobody waits for it"]
pub struct Invoked<'c, const CAPACITY: usize> {
    calls: &'c Calls<CAPACITY>,
    progress: Progress,
}

#[derive(Clone, Copy, Debug)]
enum Progress {
    /// There was no room.
    Full,
    Underway(Call),
    Complete,
}

impl<'c, const CAPACITY: usize> Invoked<'c, CAPACITY> {
    /// A call that has begun; `None` if there was no room for it.
    #[inline(always)]
    pub(super) fn new(calls: &'c Calls<CAPACITY>, call: Option<Call>) -> Self {
        Self { calls, progress: call.map_or(Progress::Full, Progress::Underway) }
    }
}

impl<const CAPACITY: usize> Future for Invoked<'_, CAPACITY> {
    type Output = Result<(), AsyncError>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let result = match self.progress {
            Progress::Underway(call) => {
                let Some(answer) = self.calls.take(call, context.waker()) else { return Poll::Pending };
                answer.map_err(AsyncError::Kernel)
            }
            Progress::Full => Err(AsyncError::Full),
            Progress::Complete => panic!("a system call was polled after it was complete"),
        };
        self.progress = Progress::Complete;
        Poll::Ready(result)
    }
}

impl<const CAPACITY: usize> Drop for Invoked<'_, CAPACITY> {
    #[inline(always)]
    fn drop(&mut self) {
        if let Progress::Underway(call) = self.progress {
            self.calls.abandon(call);
        }
    }
}
