//! Load: lasting connections, each with one message under way.

use smoltcp::iface::Context;
use smoltcp::socket::tcp::{Socket, State};

use super::log::{Log, What};
use super::message::{self, Answer, message};
use super::recorder::Recorder;
use super::{Outcome, Outside, Progress, connect};
use crate::layout::MAX_CONNECTIONS;

/// Sends messages until all samples are taken.
pub(super) fn run(
    outside: &mut Outside<'_, '_, impl FnMut()>,
    rounds: u64,
    batch: u64,
    warmup: u64,
    log: Log<'_>,
) -> Outcome {
    let mut recorder = Recorder::new(rounds, batch, warmup, log);
    let mut clients = [const { Client::new() }; MAX_CONNECTIONS];
    outside.run(|number, socket, context| clients[number].go_on(number, socket, context, &mut recorder));
    recorder.outcome()
}

/// How far a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    New,
    Connecting,
    /// A message is under way.
    Waiting,
    Closing,
    Done,
}

struct Client {
    phase: Phase,
    /// Attempts to connect.
    attempts: u64,
    /// Number of the message that is under way.
    sequence: u64,
    answer: Answer,
}

impl Client {
    const fn new() -> Self {
        Self { phase: Phase::New, attempts: 0, sequence: 0, answer: Answer::new() }
    }

    fn go_on(
        &mut self,
        number: usize,
        socket: &mut Socket<'_>,
        context: &mut Context,
        recorder: &mut Recorder<'_>,
    ) -> Progress {
        match self.phase {
            Phase::New => self.connect(number, socket, context),
            Phase::Connecting if socket.may_send() => self.send_or_close(number, socket, recorder),
            Phase::Waiting if socket.can_recv() => self.receive(number, socket, recorder),
            // The server does not listen yet.
            Phase::Connecting if !socket.is_active() => self.connect(number, socket, context),
            Phase::Waiting if !socket.is_active() => {
                recorder.broken();
                self.phase = Phase::Done;
            }
            Phase::Closing if matches!(socket.state(), State::TimeWait | State::Closed) => {
                self.phase = Phase::Done;
            }
            Phase::Connecting | Phase::Waiting | Phase::Closing | Phase::Done => {}
        }
        if self.phase == Phase::Done { Progress::Done } else { Progress::Later }
    }

    /// Connects, each time from another port.
    fn connect(&mut self, number: usize, socket: &mut Socket<'_>, context: &mut Context) {
        connect(socket, context, self.attempts * MAX_CONNECTIONS as u64 + number as u64);
        self.attempts += 1;
        self.phase = Phase::Connecting;
    }

    fn receive(&mut self, number: usize, socket: &mut Socket<'_>, recorder: &mut Recorder<'_>) {
        if self.answer.receive(socket) {
            recorder.event(number, What::Received);
            recorder.answered(self.answer.difference(&message(number, self.sequence)));
            self.sequence += 1;
            self.send_or_close(number, socket, recorder);
        }
    }

    fn send_or_close(&mut self, number: usize, socket: &mut Socket<'_>, recorder: &mut Recorder<'_>) {
        if recorder.is_over() {
            socket.close();
            self.phase = Phase::Closing;
            return;
        }
        recorder.event(number, What::Sent);
        self.answer = Answer::new();
        self.phase = Phase::Waiting;
        match socket.send_slice(&message(number, self.sequence)) {
            Ok(message::BYTES) => recorder.sent(),
            _ => {
                recorder.broken();
                self.phase = Phase::Done;
            }
        }
    }
}
