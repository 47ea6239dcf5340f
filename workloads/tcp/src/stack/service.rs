//! The connections, and what the application wants of them. How it says so is the business of the two versions.

use core::mem;

use rel4_runtime::frames::Port;
use rel4_runtime::interrupt::Notify;
use rel4_runtime::words::WordBuffer;
use smoltcp::socket::tcp::{RecvError, Socket, State};

use crate::address::{ECHO_PORT, SERVER};
use crate::clock::Clock;
use crate::connection_set::ConnectionSet;
use crate::host::Host;
use crate::layout::{CHUNK_WORDS, MAX_CONNECTIONS, Sockets, WIRE_CAPACITY};
use crate::protocol::{Answer, CHUNK_BYTES, Operation, Request};
use crate::room::Room;

/// Bytes that a connection can hold in each direction.
const BUFFER_BYTES: usize = 1024;

/// The memory of the connections.
pub type StackRoom = Room<BUFFER_BYTES>;

/// What it takes to make the same initial sequence numbers in each run.
const SEED: u64 = 1;

/// The connections of the server. There is one in a process; it allocates nothing once it is made.
pub struct Service<'p, 'm, N> {
    host: Host<'p, 'm, N>,
    memory: Sockets<'m>,
    /// What the application waits for, by connection.
    wanted: [Option<Operation>; MAX_CONNECTIONS],
    /// The connections of which something is wanted.
    waiting: ConnectionSet,
    /// The connections that may have changed since completed operations were last looked for.
    changed: ConnectionSet,
    chunk: WordBuffer<CHUNK_WORDS>,
}

impl<'p, 'm, N: Notify> Service<'p, 'm, N> {
    /// A server of `count` connections, at most [`MAX_CONNECTIONS`], whose network is behind `port`.
    #[must_use]
    pub fn new(
        room: &'static mut StackRoom,
        port: &'p Port<'m, N, WIRE_CAPACITY>,
        memory: Sockets<'m>,
        count: usize,
        clock: Clock,
    ) -> Self {
        let mut host = Host::new(SERVER, SEED, room, port, count, clock);
        // The application comes to accept clients, and need not be there before them.
        for number in host.all() {
            if let Some((socket, _)) = host.connection(number) {
                socket.listen(ECHO_PORT).expect("the socket is new and the port is one");
            }
        }
        Self {
            host,
            memory,
            wanted: [None; MAX_CONNECTIONS],
            waiting: ConnectionSet::EMPTY,
            changed: ConnectionSet::EMPTY,
            chunk: WordBuffer::new(),
        }
    }

    /// Does what `request` asks for, if it can be done now; else its answer comes from [`Service::complete`].
    pub fn request(&mut self, request: Request) -> Option<Answer> {
        let Request { connection: number, operation } = request;
        if self.wanted.get(number).is_none_or(Option::is_some) {
            return Some(Answer::Refused);
        }
        let answer = self.attempt(number, operation);
        if answer.is_none() {
            self.wanted[number] = Some(operation);
            self.waiting.insert(number);
        }
        answer
    }

    /// Takes in the frames that there are, but no more than a wire holds: others want something too.
    pub fn take_frames(&mut self) {
        for _ in 0..WIRE_CAPACITY {
            let Some(changed) = self.host.take_frame() else { break };
            self.changed |= changed;
        }
    }

    /// Sends what the connections have to send.
    pub fn send_frames(&mut self) {
        self.host.send_frames();
    }

    /// Sends what is due by now, and ends what has taken too long.
    pub fn look_at_the_time(&mut self) {
        self.host.send_what_is_due();
        self.changed = self.host.all();
    }

    /// Gives `answer` the connections whose operations are complete now.
    pub fn complete(&mut self, mut answer: impl FnMut(usize, Answer)) {
        for number in self.waiting & mem::take(&mut self.changed) {
            let Some(operation) = self.wanted[number] else { continue };
            if let Some(outcome) = self.attempt(number, operation) {
                self.wanted[number] = None;
                self.waiting.remove(number);
                answer(number, outcome);
            }
        }
    }

    fn attempt(&mut self, number: usize, operation: Operation) -> Option<Answer> {
        let answer = self.carry_out(number, operation);
        // Closing has to be said long before it is complete; whatever else does not complete changed nothing.
        if answer.is_some() || operation == Operation::Close {
            self.host.send_later(number);
        }
        answer
    }

    fn carry_out(&mut self, number: usize, operation: Operation) -> Option<Answer> {
        let Some((socket, _)) = self.host.connection(number) else { return Some(Answer::Refused) };
        match operation {
            Operation::Accept => accept(socket),
            Operation::Receive => {
                let answer = receive(socket, self.chunk.bytes_mut())?;
                if let Answer::Received(length) = answer {
                    self.chunk.store(self.memory.inbound(number), length);
                }
                Some(answer)
            }
            Operation::Send(length) => {
                self.chunk.load(self.memory.outbound(number), length);
                send(socket, &self.chunk.bytes()[..length.min(CHUNK_BYTES)])
            }
            Operation::Close => close(socket),
            Operation::Count => Some(self.count()),
        }
    }

    fn count(&self) -> Answer {
        let is_held = |socket: &&Socket<'_>| socket.is_open() && !socket.is_listening();
        let is_no_client_to_come = |wanted: &&Operation| **wanted != Operation::Accept;
        Answer::Counted {
            open: self.host.sockets().filter(is_held).count() as u64,
            waiting: self.wanted.iter().flatten().filter(is_no_client_to_come).count() as u64,
        }
    }
}

fn accept(socket: &mut Socket<'_>) -> Option<Answer> {
    if !socket.is_open() && socket.listen(ECHO_PORT).is_err() {
        return Some(Answer::Refused);
    }
    match socket.state() {
        State::Listen | State::SynReceived => None,
        State::Established | State::CloseWait => Some(Answer::Accepted),
        _ => Some(Answer::Refused),
    }
}

fn receive(socket: &mut Socket<'_>, bytes: &mut [u8]) -> Option<Answer> {
    match socket.recv_slice(bytes) {
        Ok(0) => None,
        Ok(length) => Some(Answer::Received(length)),
        Err(RecvError::Finished) => Some(Answer::EndOfStream),
        Err(RecvError::InvalidState) => Some(Answer::Reset),
    }
}

fn send(socket: &mut Socket<'_>, bytes: &[u8]) -> Option<Answer> {
    match socket.send_slice(bytes) {
        Ok(0) => None,
        Ok(length) => Some(Answer::Sent(length)),
        Err(_) => Some(Answer::Reset),
    }
}

fn close(socket: &mut Socket<'_>) -> Option<Answer> {
    socket.close();
    (!socket.is_open()).then_some(Answer::Closed)
}
