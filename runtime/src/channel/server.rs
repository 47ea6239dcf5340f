//! The answering end.

use core::cell::RefCell;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use super::{Channel, Message, Statistics};
use crate::attention::End;
use crate::dispatch::Source;
use crate::interrupt::Notify;
use crate::outbox::Outbox;
use crate::ring::Consumer;
use crate::trace::tracepoint;

/// The answering end of a channel, of one coroutine.
#[derive(Debug)]
pub struct Server<'m, N, const CAPACITY: usize> {
    state: RefCell<State<'m, N, CAPACITY>>,
}

#[derive(Debug)]
struct State<'m, N, const CAPACITY: usize> {
    requests: Consumer<'m, CAPACITY>,
    replies: Outbox<'m, N, CAPACITY>,
    waker: Option<Waker>,
    /// Requests that may still be taken before others have their turn.
    budget: usize,
    violations: u64,
}

/// A request that wants an answer.
#[derive(Debug)]
#[must_use = "the client waits for the answer"]
pub struct Request {
    task: u64,
    message: Message,
}

impl Request {
    /// What the client says.
    #[inline(always)]
    #[must_use]
    pub const fn message(&self) -> &Message {
        &self.message
    }
}

impl<'m, N: Notify, const CAPACITY: usize> Server<'m, N, CAPACITY> {
    /// The answering end of `channel`, whose client is woken by `client`. A channel has one.
    #[must_use]
    pub const fn new(channel: Channel<'m, CAPACITY>, client: N) -> Self {
        Self {
            state: RefCell::new(State {
                requests: channel.requests.consumer(),
                replies: Outbox::new(channel.replies.producer(), client),
                waker: None,
                budget: CAPACITY,
                violations: 0,
            }),
        }
    }

    /// Receives the next request. After as many as the ring holds the task's turn in this round is over, however many
    /// more there are.
    #[inline(always)]
    pub const fn recv(&self) -> Recv<'_, 'm, N, CAPACITY> {
        Recv { server: self }
    }

    /// Answers `request`. The client sees the answer at once if it is awake; if not, it is notified at the end of the round,
    /// once for all answers.
    #[expect(clippy::needless_pass_by_value, reason = "a request is answered once")]
    #[inline(always)]
    pub fn reply(&self, request: Request, answer: Message) {
        tracepoint!(Write);
        let State { replies, violations, .. } = &mut *self.state.borrow_mut();
        // An honest client has made room before it calls, so what is lost here is a liar's.
        *violations += u64::from(replies.send(&answer.to_item(request.task)).is_err());
        tracepoint!(Handle);
    }

    /// Answers every request with what `handle` makes of it, for ever.
    pub async fn serve(&self, mut handle: impl FnMut(&Message) -> Message) {
        loop {
            let request = self.recv().await;
            let answer = handle(request.message());
            self.reply(request, answer);
        }
    }

    /// What it did so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let state = self.state.borrow();
        Statistics {
            sent: state.replies.sent(),
            received: state.requests.consumed(),
            notifications: state.replies.notifications(),
            violations: state.violations + state.requests.lies(),
        }
    }
}

impl<N: Notify, const CAPACITY: usize> Source for Server<'_, N, CAPACITY> {
    fn look(&self) -> bool {
        let State { requests, waker, .. } = &mut *self.state.borrow_mut();
        let found = requests.has_items();
        if found && let Some(waker) = waker {
            waker.wake_by_ref();
        }
        // Requests that nobody waits for are no reason to stay awake.
        found && waker.is_some()
    }

    fn flush(&self) {
        self.state.borrow_mut().replies.flush();
    }

    fn announce_asleep(&self) {
        self.state.borrow().requests.flag().announce_asleep();
    }

    fn announce_awake(&self) {
        self.state.borrow().requests.flag().announce_awake();
    }
}

/// Nobody owes a server requests.
impl<N: Notify, const CAPACITY: usize> End for Server<'_, N, CAPACITY> {
    #[inline(always)]
    fn is_being_served(&self) -> bool {
        false
    }
}

/// A request to come; see [`Server::recv`].
#[derive(Debug)]
#[must_use = "nothing is received until it is polled"]
pub struct Recv<'s, 'm, N, const CAPACITY: usize> {
    server: &'s Server<'m, N, CAPACITY>,
}

impl<N: Notify, const CAPACITY: usize> Future for Recv<'_, '_, N, CAPACITY> {
    type Output = Request;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Request> {
        tracepoint!(Look);
        let State { requests, waker, budget, violations, .. } = &mut *self.server.state.borrow_mut();
        while *budget != 0
            && let Some(item) = requests.pop()
        {
            *budget -= 1;
            match Message::from_item(&item) {
                Some(message) => {
                    tracepoint!(Handle);
                    return Poll::Ready(Request { task: item.task, message });
                }
                None => *violations += 1,
            }
        }
        if *budget == 0 {
            // There may be more, but it is the others' turn.
            context.waker().wake_by_ref();
        }
        *budget = CAPACITY;
        match waker {
            Some(known) => known.clone_from(context.waker()),
            unknown => *unknown = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}
