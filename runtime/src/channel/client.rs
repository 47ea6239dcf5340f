//! The calling end.

mod calls;

use core::cell::RefCell;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use self::calls::{CallId, Calls, Completion};
use super::{Channel, Message, Statistics};
use crate::dispatch::Source;
use crate::interrupt::Notify;
use crate::outbox::Outbox;
use crate::ring::Consumer;

/// Why a call has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallError {
    /// As many calls as the channel has room for are unanswered.
    Full,
    /// The answer's tag describes what no item can carry.
    Malformed,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "Full",
            Self::Malformed => "Malformed",
        })
    }
}

impl core::error::Error for CallError {}

/// The calling end of a channel, shared by the coroutines of one thread.
#[derive(Debug)]
pub struct Client<'m, N, const CAPACITY: usize> {
    state: RefCell<State<'m, N, CAPACITY>>,
}

#[derive(Debug)]
struct State<'m, N, const CAPACITY: usize> {
    requests: Outbox<'m, N, CAPACITY>,
    replies: Consumer<'m, CAPACITY>,
    calls: Calls<CAPACITY>,
    violations: u64,
}

impl<'m, N: Notify, const CAPACITY: usize> Client<'m, N, CAPACITY> {
    /// The calling end of `channel`, whose server is woken by `server`. A channel has one.
    #[must_use]
    pub fn new(channel: Channel<'m, CAPACITY>, server: N) -> Self {
        Self {
            state: RefCell::new(State {
                requests: Outbox::new(channel.requests.producer(), server),
                replies: channel.replies.consumer(),
                calls: Calls::new(),
                violations: 0,
            }),
        }
    }

    /// Calls the server. The request leaves when the future is first polled, and its answer completes the future. A
    /// future that is dropped before leaves its room taken until the answer is there.
    #[inline(always)]
    pub const fn call(&self, request: Message) -> Call<'_, 'm, N, CAPACITY> {
        Call { client: self, progress: Progress::Unsent(request) }
    }

    /// What it did so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let state = self.state.borrow();
        Statistics {
            sent: state.requests.sent(),
            received: state.replies.consumed(),
            notifications: state.requests.notifications(),
            violations: state.violations + state.replies.lies(),
        }
    }
}

impl<N: Notify, const CAPACITY: usize> Source for Client<'_, N, CAPACITY> {
    /// Gives answers to their calls; at most as many as the ring holds.
    fn look(&self) -> bool {
        let State { replies, calls, violations, .. } = &mut *self.state.borrow_mut();
        let mut found = false;
        for _ in 0..CAPACITY {
            let Some(item) = replies.pop() else { break };
            found = true;
            let answer = Message::from_item(&item);
            let expected = calls.complete(CallId(item.task), answer.ok_or(CallError::Malformed));
            *violations += u64::from(!expected || answer.is_none());
        }
        found
    }

    fn flush(&self) {
        self.state.borrow_mut().requests.flush();
    }

    fn announce_asleep(&self) {
        self.state.borrow().replies.flag().announce_asleep();
    }

    fn announce_awake(&self) {
        self.state.borrow().replies.flag().announce_awake();
    }
}

/// A call on its way; see [`Client::call`].
#[derive(Debug)]
#[must_use = "a call leaves when it is first polled"]
pub struct Call<'c, 'm, N: Notify, const CAPACITY: usize> {
    client: &'c Client<'m, N, CAPACITY>,
    progress: Progress,
}

#[derive(Debug)]
enum Progress {
    Unsent(Message),
    Sent(CallId),
    Complete,
}

impl<N: Notify, const CAPACITY: usize> Future for Call<'_, '_, N, CAPACITY> {
    type Output = Result<Message, CallError>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let State { requests, calls, .. } = &mut *self.client.state.borrow_mut();
        match self.progress {
            Progress::Unsent(request) => {
                self.progress = Progress::Complete;
                let Some(call) = calls.begin(context.waker()) else {
                    return Poll::Ready(Err(CallError::Full));
                };
                if requests.send(&request.to_item(call.0)).is_err() {
                    calls.end(call);
                    return Poll::Ready(Err(CallError::Full));
                }
                self.progress = Progress::Sent(call);
                Poll::Pending
            }
            Progress::Sent(call) => match calls.take(call, context.waker()) {
                Completion::Complete(answer) => {
                    self.progress = Progress::Complete;
                    Poll::Ready(answer)
                }
                Completion::Outstanding => Poll::Pending,
            },
            Progress::Complete => panic!("a call was polled after it was complete"),
        }
    }
}

impl<N: Notify, const CAPACITY: usize> Drop for Call<'_, '_, N, CAPACITY> {
    #[inline(always)]
    fn drop(&mut self) {
        if let Progress::Sent(call) = self.progress {
            self.client.state.borrow_mut().calls.abandon(call);
        }
    }
}
