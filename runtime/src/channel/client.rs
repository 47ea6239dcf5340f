//! The calling end.

mod calls;

use core::cell::RefCell;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use self::calls::{CallId, Calls};
use super::{Channel, Message, Statistics};
use crate::attention::End;
use crate::dispatch::Source;
use crate::interrupt::Notify;
use crate::outbox::Outbox;
use crate::ring::Consumer;
use crate::trace::tracepoint;

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

    /// Calls the server: the request leaves now, and its answer completes the future. A future that is dropped before leaves
    /// its room taken until the answer is there.
    #[inline(always)]
    pub fn call(&self, request: Message) -> Call<'_, 'm, N, CAPACITY> {
        tracepoint!(Write);
        let State { requests, calls, .. } = &mut *self.state.borrow_mut();
        let progress = match calls.next() {
            Some(call) if requests.send(&request.to_item(call.0)).is_ok() => {
                calls.begin(call);
                Progress::Outstanding(call)
            }
            _ => Progress::Refused,
        };
        tracepoint!(Issue);
        Call { client: self, progress }
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
            *violations += u64::from(!calls.complete(&item));
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

impl<N: Notify, const CAPACITY: usize> End for Client<'_, N, CAPACITY> {
    #[inline(always)]
    fn is_being_served(&self) -> bool {
        let state = self.state.borrow();
        state.requests.sent() != state.replies.consumed() && state.requests.reader_is_awake()
    }
}

/// A call on its way; see [`Client::call`].
#[derive(Debug)]
#[must_use = "the answer is lost if nobody waits for it"]
pub struct Call<'c, 'm, N: Notify, const CAPACITY: usize> {
    client: &'c Client<'m, N, CAPACITY>,
    progress: Progress,
}

#[derive(Clone, Copy, Debug)]
enum Progress {
    /// There was no room.
    Refused,
    Outstanding(CallId),
    Complete,
}

impl<N: Notify, const CAPACITY: usize> Future for Call<'_, '_, N, CAPACITY> {
    type Output = Result<Message, CallError>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        tracepoint!(Issue);
        let answer = match self.progress {
            Progress::Refused => Err(CallError::Full),
            Progress::Outstanding(call) => {
                let taken = self.client.state.borrow_mut().calls.take(call, context.waker());
                let Some(answer) = taken else { return Poll::Pending };
                answer
            }
            Progress::Complete => panic!("a call was polled after it was complete"),
        };
        self.progress = Progress::Complete;
        Poll::Ready(answer)
    }
}

impl<N: Notify, const CAPACITY: usize> Drop for Call<'_, '_, N, CAPACITY> {
    #[inline(always)]
    fn drop(&mut self) {
        if let Progress::Outstanding(call) = self.progress {
            self.client.state.borrow_mut().calls.abandon(call);
        }
    }
}
