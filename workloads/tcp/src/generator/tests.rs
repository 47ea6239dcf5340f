//! The generator against the stack and the application, without a kernel: all take turns.

use core::cell::{Cell, RefCell};
use core::future::{Future, poll_fn};
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::{Context as TaskContext, Poll, Waker};
use std::boxed::Box;
use std::vec::Vec;

use rel4_abi::CPtr;
use rel4_runtime::cap::Notification;

use super::*;
use crate::application::{self, Left, Stack};
use crate::layout::{MAX_CONNECTIONS, Sockets, WIRE_WORDS};
use crate::protocol::{Answer, Request};
use crate::stack::service::{Service, StackRoom};

/// A clock on which a microsecond passes between two looks.
const CLOCK: Clock = Clock::new(ticks, 1);

fn ticks() -> u64 {
    static TICKS: AtomicU64 = AtomicU64::new(0);
    TICKS.fetch_add(1, Ordering::Relaxed)
}

/// Far more turns than anything here takes.
const MANY_TURNS: usize = 20_000;
/// A peer that looks all the time.
const NOBODY: Sender = Sender::Kernel(Notification(CPtr::NULL));

/// The stack, called directly.
struct Direct<'s> {
    service: RefCell<Service<'s, 's, Sender>>,
    answers: [Cell<Option<Answer>>; MAX_CONNECTIONS],
}

impl Stack for &Direct<'_> {
    async fn call(&self, request: Request) -> Answer {
        let answer = self.service.borrow_mut().request(request);
        match answer {
            Some(answer) => answer,
            None => {
                poll_fn(|_| self.answers[request.connection].take().map_or(Poll::Pending, Poll::Ready)).await
            }
        }
    }
}

impl Direct<'_> {
    fn complete(&self) {
        self.service.borrow_mut().complete(|number, answer| self.answers[number].set(Some(answer)));
    }
}

fn memory(words: usize) -> Vec<AtomicU64> {
    (0..words).map(|_| AtomicU64::new(0)).collect()
}

/// Runs `generator` on `connections` connections, against an application that serves `sessions` clients. What came of the messages, and what
/// the server holds in the end.
fn against_server<'a>(
    connections: usize,
    sessions: u64,
    generator: impl FnOnce(&mut Outside<'_, '_, &mut dyn FnMut()>) -> Outcome + 'a,
) -> (Outcome, Left) {
    let (wire, sockets) = (memory(WIRE_WORDS), memory(Parts::new(1).of_application().len()));
    let wire = NetworkWire::new(&wire).expect("enough words");
    let sockets = Sockets::new(&sockets).expect("enough words");
    let (near, far) = (wire.port(End::Near, NOBODY), wire.port(End::Far, NOBODY));
    let room: &'static mut StackRoom = Box::leak(Box::default());
    let service = RefCell::new(Service::new(room, &near, sockets, connections, CLOCK));
    let direct = Direct { service, answers: [const { Cell::new(None) }; MAX_CONNECTIONS] };
    let stack = &direct;
    let served = Cell::new(0);
    let is_last = || {
        served.set(served.get() + 1);
        served.get() == sessions
    };
    let tasks =
        (0..connections).map(|number| Box::pin(application::serve(&stack, sockets, number, &is_last)));
    let mut tasks: Vec<_> = tasks.collect();
    let left = Cell::new(None);
    let mut turns = 0;
    let mut take_turn = || {
        turns += 1;
        assert!(turns < MANY_TURNS, "it stands still");
        // As in the guest: who sleeps is woken by frames alone.
        assert!(turns == 1 || near.has_frames(), "nobody has anything to do");
        direct.service.borrow_mut().take_frames();
        direct.complete();
        for task in &mut tasks {
            let mut context = TaskContext::from_waker(Waker::noop());
            if left.get().is_none()
                && let Poll::Ready(found) = task.as_mut().poll(&mut context)
            {
                left.set(Some(found));
            }
        }
        direct.service.borrow_mut().send_frames();
    };
    let room: &'static mut ClientRoom = Box::leak(Box::default());
    let outcome = generator(&mut Outside::new(room, &far, connections, CLOCK, &mut take_turn));
    while left.get().is_none() {
        take_turn();
    }
    (outcome, left.get().expect("all clients were served"))
}

const NOTHING: Left = Left { open: 0, waiting: 0 };

#[test]
fn under_load_every_message_comes_back_as_it_was() {
    for connections in [1, 4, 64] {
        let entries = memory(1 + 2 * 10 * 20);
        let (outcome, left) = against_server(connections, connections as u64, |outside| {
            load::run(outside, 10, 20, 30, Log::new(&entries))
        });
        assert!(outcome.sent >= 10 * 20 + 30, "{outcome:?}");
        assert_eq!((outcome.right, outcome.differences), (outcome.sent, 0));
        assert_eq!(left, NOTHING);
        assert_eq!(Log::new(&entries).entries().count(), 2 * 10 * 20);
    }
}

#[test]
fn clients_that_come_and_go_in_every_way_leave_nothing_behind() {
    for connections in [1, 3, 8] {
        let (outcome, left) =
            against_server(connections, 51 * connections as u64, |outside| churn::run(outside, 51));
        let sessions = 51 * connections as u64;
        assert_eq!(outcome, Outcome { sent: sessions, right: sessions, differences: 0 });
        assert_eq!(left, NOTHING);
    }
}
