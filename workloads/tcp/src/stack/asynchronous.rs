//! The stack of the asynchronous version: one coroutine, woken by frames and by requests.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll};

use rel4_runtime::arch;
use rel4_runtime::channel::{Message, Request as Pending, Server};
use rel4_runtime::dispatch::Source;
use rel4_runtime::executor::{Executor, ReadyQueue};
use rel4_runtime::frames::{End, Port};
use rel4_runtime::process::Start;
use rel4_runtime::uintr::Sender;
use static_cell::ConstStaticCell;

use super::service::{Service, StackRoom};
use crate::alarm::Alarm;
use crate::bells::{self, SECOND_PEER};
use crate::clock::Clock;
use crate::layout::{CHANNEL_CAPACITY, MAX_CONNECTIONS, NetworkWire, Sockets, WIRE_CAPACITY, WIRE_WORDS};
use crate::protocol::{Answer, Request, WORDS};
use crate::settings::Told;

type Requests<'m> = Server<'m, Sender, CHANNEL_CAPACITY>;

/// Runs the stack, for ever.
pub extern "C" fn main(start: &Start) -> ! {
    static READY: ReadyQueue = ReadyQueue::new();
    static ROOM: ConstStaticCell<StackRoom> = ConstStaticCell::new(StackRoom::new());
    let told = Told::from_arguments(start.arguments);
    let (wire, sockets) = start.shared.split_at(WIRE_WORDS);
    let sockets = Sockets::new(sockets).expect("the root task shares enough");
    let wire = NetworkWire::new(wire).expect("the root task shares enough");
    let port = wire.port(End::Near, bells::network(&told));
    let requests = Server::new(sockets.channel(), bells::sender(told.ipc, SECOND_PEER));
    let service = Service::new(
        ROOM.take(),
        &port,
        sockets,
        told.connections,
        Clock::new(arch::time_ticks, told.ticks_per_us),
    );
    let alarm = Alarm::new(told.ticks_per_us);
    let mut turns = Turns {
        service,
        port: &port,
        alarm: &alarm,
        requests: &requests,
        pending: [const { None }; MAX_CONNECTIONS],
    };
    let serving = pin!(poll_fn(|context| turns.take(context)));
    let mut executor = Executor::<1>::new(&READY);
    executor.spawn(0, serving).expect("the slot is free");
    let sources: [&dyn Source; 3] = [&port, &requests, &alarm];
    executor.run(&sources[..], &bells::receiver(told.ipc));
    unreachable!("a stack serves for ever")
}

/// What a turn works with.
struct Turns<'p, 'm> {
    service: Service<'p, 'm, Sender>,
    port: &'p Port<'m, Sender, WIRE_CAPACITY>,
    alarm: &'p Alarm,
    requests: &'p Requests<'m>,
    /// The requests whose answers are still to come.
    pending: [Option<Pending>; MAX_CONNECTIONS],
}

impl Turns<'_, '_> {
    /// Takes in all frames, then all requests. What they make the connections send leaves at once: the other end of the wire has a hart of its own.
    fn take(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.port.wake_by_frames(context.waker());
        self.alarm.wake_when_due(context.waker());
        self.service.take_frames();
        if self.alarm.renew() {
            self.service.look_at_the_time();
        }
        self.complete();
        while let Poll::Ready(pending) = pin!(self.requests.recv()).poll(context) {
            self.request(pending);
            self.service.send_frames();
        }
        self.service.send_frames();
        Poll::Pending
    }

    fn complete(&mut self) {
        let Self { service, requests, pending, .. } = self;
        service.complete(|connection, answer| {
            if let Some(request) = pending[connection].take() {
                requests.reply(request, message(answer));
            }
        });
    }

    fn request(&mut self, pending: Pending) {
        let told = pending.message();
        let raw = told.raw_words();
        let words = core::array::from_fn::<_, WORDS, _>(|index| raw[index]);
        let request = Request::decode(told.label(), words).filter(|_| told.words().len() == WORDS);
        let answer = request.map_or(Some(Answer::Refused), |request| self.service.request(request));
        match (answer, request) {
            (None, Some(Request { connection, .. })) => self.pending[connection] = Some(pending),
            (answer, _) => self.requests.reply(pending, message(answer.unwrap_or(Answer::Refused))),
        }
    }
}

fn message(answer: Answer) -> Message {
    let (label, words) = answer.encode();
    Message::new(label, words)
}
