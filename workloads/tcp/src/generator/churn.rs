//! Churn: clients that come, exchange messages, and go in every way that there is.

use smoltcp::iface::Context;
use smoltcp::socket::tcp::{Socket, State};

use super::message::{self, Answer, message};
use super::{Outcome, Outside, Progress, connect};
use crate::layout::MAX_CONNECTIONS;

/// Lets `sessions` clients, one after the other, come and go on each connection.
pub(super) fn run(outside: &mut Outside<'_, '_, impl FnMut()>, sessions: u64) -> Outcome {
    let mut tally = Tally { outcome: Outcome { sent: 0, right: 0, differences: 0 }, connects: 0 };
    let mut clients = [const { Client::new() }; MAX_CONNECTIONS];
    outside
        .run(|number, socket, context| clients[number].go_on(number, sessions, socket, context, &mut tally));
    tally.outcome
}

/// How a client goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Farewell {
    /// It has its answer, and closes.
    Close,
    /// It says that it sends no more at once behind its message, and waits for the answer.
    HalfClose,
    /// It has its answer, and resets the connection.
    Reset,
}

impl Farewell {
    const fn of_session(session: u64) -> Self {
        match session % 3 {
            0 => Self::Close,
            1 => Self::HalfClose,
            _ => Self::Reset,
        }
    }
}

/// How far a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    New,
    Connecting,
    /// A message is under way.
    Waiting,
    /// It waits until both sides are closed.
    Closing,
    /// Its last frame leaves in this turn.
    Leaving,
    Done,
}

/// All clients together.
struct Tally {
    outcome: Outcome,
    /// Attempts to connect: each is from a port of its own.
    connects: u64,
}

struct Client {
    phase: Phase,
    session: u64,
    answer: Answer,
}

impl Client {
    const fn new() -> Self {
        Self { phase: Phase::New, session: 0, answer: Answer::new() }
    }

    fn go_on(
        &mut self,
        number: usize,
        sessions: u64,
        socket: &mut Socket<'_>,
        context: &mut Context,
        tally: &mut Tally,
    ) -> Progress {
        // What was waited for may be there already: then nothing else comes in that would say so.
        loop {
            let before = self.phase;
            self.step(number, sessions, socket, context, tally);
            match self.phase {
                Phase::Leaving => return Progress::Now,
                Phase::Done => return Progress::Done,
                phase if phase == before => return Progress::Later,
                _ => {}
            }
        }
    }

    fn step(
        &mut self,
        number: usize,
        sessions: u64,
        socket: &mut Socket<'_>,
        context: &mut Context,
        tally: &mut Tally,
    ) {
        let is_gone = matches!(socket.state(), State::TimeWait | State::Closed);
        match self.phase {
            Phase::New => self.connect(socket, context, tally),
            Phase::Connecting if socket.may_send() => self.send(number, socket, tally),
            // The server has no connection free: the one before is not quite gone.
            Phase::Connecting if is_gone => self.connect(socket, context, tally),
            Phase::Waiting if socket.can_recv() => self.receive(number, socket, tally),
            Phase::Waiting if is_gone => {
                tally.outcome.differences = u64::MAX;
                self.phase = Phase::Done;
            }
            Phase::Closing if is_gone => self.phase = Phase::Leaving,
            Phase::Leaving => self.next(sessions),
            Phase::Connecting | Phase::Waiting | Phase::Closing | Phase::Done => {}
        }
    }

    fn connect(&mut self, socket: &mut Socket<'_>, context: &mut Context, tally: &mut Tally) {
        connect(socket, context, tally.connects);
        tally.connects += 1;
        self.phase = Phase::Connecting;
    }

    fn send(&mut self, number: usize, socket: &mut Socket<'_>, tally: &mut Tally) {
        self.answer = Answer::new();
        self.phase = Phase::Waiting;
        tally.outcome.sent += 1;
        if socket.send_slice(&message(number, self.session)) != Ok(message::BYTES) {
            tally.outcome.differences = u64::MAX;
        }
        if Farewell::of_session(self.session) == Farewell::HalfClose {
            socket.close();
        }
    }

    fn receive(&mut self, number: usize, socket: &mut Socket<'_>, tally: &mut Tally) {
        if !self.answer.receive(socket) {
            return;
        }
        let differences = self.answer.difference(&message(number, self.session));
        tally.outcome.right += u64::from(differences == 0);
        tally.outcome.differences |= differences;
        match Farewell::of_session(self.session) {
            Farewell::Close => {
                socket.close();
                self.phase = Phase::Closing;
            }
            Farewell::HalfClose => self.phase = Phase::Closing,
            Farewell::Reset => {
                socket.abort();
                self.phase = Phase::Leaving;
            }
        }
    }

    fn next(&mut self, sessions: u64) {
        self.session += 1;
        self.phase = if self.session == sessions { Phase::Done } else { Phase::New };
    }
}
