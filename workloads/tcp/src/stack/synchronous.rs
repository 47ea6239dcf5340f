//! The stack of the synchronous version: one thread that serves an endpoint, to which the network's notifications come too.
//!
//! A caller whose answer is still to come waits: its reply capability is put aside.

use core::sync::atomic::{Ordering, fence};

use rel4_abi::CPtr;
use rel4_runtime::arch;
use rel4_runtime::cap::{CNode, Endpoint, Slot};
use rel4_runtime::dispatch::Source;
use rel4_runtime::frames::{End, Port};
use rel4_runtime::ipc::{Message, Registers, tag};
use rel4_runtime::process::{self, Start};
use rel4_runtime::uintr::Sender;
use static_cell::ConstStaticCell;

use super::service::{Service, StackRoom};
use crate::alarm::Alarm;
use crate::bells::{self, ENDPOINT};
use crate::clock::Clock;
use crate::layout::{MAX_CONNECTIONS, NetworkWire, Sockets, WIRE_CAPACITY, WIRE_WORDS};
use crate::protocol::{Answer, Operation, Request, WORDS};
use crate::settings::Told;

/// Badge of the application's capability to the endpoint. Notifications have badges of single bits, and never this one.
pub const APPLICATION: u64 = 0x51;

/// Slots of the stack's `CSpace`, as a power of two.
pub const CSPACE_BITS: u32 = 7;
/// Where the stack has the root of its own `CSpace`.
pub const CSPACE: CPtr = CPtr(FIRST_REPLY - 1);
/// Where it puts the reply capability of the first connection; the others follow.
pub const FIRST_REPLY: u64 = 32;

const _: () = assert!(
    FIRST_REPLY + (MAX_CONNECTIONS as u64) <= 1 << CSPACE_BITS,
    "there is a slot for each connection"
);

/// Runs the stack, for ever.
pub extern "C" fn main(start: &Start) -> ! {
    static ROOM: ConstStaticCell<StackRoom> = ConstStaticCell::new(StackRoom::new());
    let told = Told::from_arguments(start.arguments);
    let (wire, sockets) = start.shared.split_at(WIRE_WORDS);
    let sockets = Sockets::new(sockets).expect("the root task shares enough");
    let wire = NetworkWire::new(wire).expect("the root task shares enough");
    let port = wire.port(End::Near, bells::network(&told));
    let service = Service::new(
        ROOM.take(),
        &port,
        sockets,
        told.connections,
        Clock::new(arch::time_ticks, told.ticks_per_us),
    );
    let mut stack = Stack {
        service,
        port: &port,
        alarm: Alarm::new(told.ticks_per_us),
        endpoint: Endpoint(process::granted(ENDPOINT)),
    };
    let mut message = stack.next(None);
    loop {
        let answer = if message.badge == APPLICATION { stack.request(&message) } else { None };
        message = stack.next(answer);
    }
}

struct Stack<'p, 'm> {
    service: Service<'p, 'm, Sender>,
    port: &'p Port<'m, Sender, WIRE_CAPACITY>,
    alarm: Alarm,
    endpoint: Endpoint,
}

impl Stack<'_, '_> {
    /// Gives the last caller `answer`, takes in all frames, and waits for the next request or notification.
    fn next(&mut self, mut answer: Option<Answer>) -> Message {
        loop {
            self.port.flush();
            self.port.announce_asleep();
            // The announcement is visible before the last look.
            fence(Ordering::SeqCst);
            if !self.has_work() {
                let message = match answer {
                    Some(answer) => {
                        let (label, words) = answer.encode();
                        self.endpoint.reply_recv(label, words)
                    }
                    None => self.endpoint.recv(),
                };
                self.port.announce_awake();
                if message.badge == APPLICATION || !self.has_work() {
                    return message;
                }
                answer = None;
            }
            self.port.announce_awake();
            if let Some(answer) = answer.take() {
                let (label, words) = answer.encode();
                arch::reply(tag::<WORDS>(label), Registers::new(words));
            }
            self.take_frames();
            // However many frames come, requests have their turn.
            if self.has_work() {
                let message = self.endpoint.nb_recv();
                if message.badge == APPLICATION {
                    return message;
                }
            }
        }
    }

    /// Whether there is something to do that no request says.
    fn has_work(&self) -> bool {
        self.port.has_frames() || self.alarm.is_due()
    }

    fn take_frames(&mut self) {
        self.service.take_frames();
        if self.alarm.renew() {
            self.service.look_at_the_time();
        }
        self.complete();
        self.service.send_frames();
    }

    /// What the caller is to be answered now, if anything: if not, its reply capability was put aside.
    fn request(&mut self, message: &Message) -> Option<Answer> {
        let [connection, length, ..] = message.words;
        let request = Request::decode(message.info.label(), [connection, length])
            .filter(|_| message.info == tag::<WORDS>(message.info.label()));
        let Some(request) = request else { return Some(Answer::Refused) };
        let answer = self.service.request(request);
        if answer.is_none() {
            reply_slot(request.connection).save_caller().expect("the slot is empty while nothing is wanted");
        }
        // What only reads has nothing to send: an acknowledgment can wait for the next frame.
        if matches!(request.operation, Operation::Send(_) | Operation::Close) {
            self.service.send_frames();
        }
        answer
    }

    /// Answers those who wait and need not any more.
    fn complete(&mut self) {
        self.service.complete(|connection, answer| {
            let (label, words) = answer.encode();
            let reply = CPtr(FIRST_REPLY + connection as u64);
            // Whoever did not call, but only sent, left no capability: then this goes nowhere, and is no fault of ours.
            arch::nb_send(reply, tag::<WORDS>(label), Registers::new(words));
        });
    }
}

/// Where the reply capability of the one who waits for `connection` is.
fn reply_slot(connection: usize) -> Slot {
    CNode(CSPACE).slot(FIRST_REPLY + connection as u64, CSPACE_BITS)
}
