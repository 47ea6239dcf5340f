//! The connections, and what the application wants of them. How it says so is the business of the two versions.

use rel4_runtime::frames::Port;
use rel4_runtime::interrupt::Notify;
use rel4_runtime::words::WordBuffer;
use smoltcp::iface::{Interface, PollIngressSingleResult, SocketHandle, SocketSet};
use smoltcp::socket::tcp::{RecvError, Socket, State};

use crate::address::{ECHO_PORT, SERVER};
use crate::clock::Clock;
use crate::device::Device;
use crate::layout::{CHUNK_WORDS, MAX_CONNECTIONS, Sockets, WIRE_CAPACITY};
use crate::protocol::{Answer, CHUNK_BYTES, Operation, Request};
use crate::room::Room;

/// Bytes that a connection can hold in each direction.
const BUFFER_BYTES: usize = 1024;

/// The memory of the connections.
pub type StackRoom = Room<BUFFER_BYTES>;

/// A connection: its socket, and what the application waits for.
#[derive(Clone, Copy, Debug)]
struct Connection {
    socket: SocketHandle,
    wanted: Option<Operation>,
}

/// The connections of the server. There is one in a process; it allocates nothing once it is made.
pub struct Service<'p, 'm, N> {
    interface: Interface,
    device: Device<'p, 'm, N>,
    clock: Clock,
    sockets: SocketSet<'static>,
    memory: Sockets<'m>,
    connections: [Option<Connection>; MAX_CONNECTIONS],
    /// A bit for each connection of which something is wanted.
    waiting: u64,
    chunk: WordBuffer<CHUNK_WORDS>,
}

const _: () = assert!(MAX_CONNECTIONS <= u64::BITS as usize, "a word has a bit for each connection");

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
        let mut device = Device::new(port);
        let interface = SERVER.interface(&mut device, clock.now(), 1);
        let (storage, all) = room.divide();
        let mut sockets = SocketSet::new(storage);
        let mut connections = [None; MAX_CONNECTIONS];
        for (connection, socket) in connections.iter_mut().zip(all).take(count) {
            *connection = Some(Connection { socket: sockets.add(socket), wanted: None });
        }
        let chunk = WordBuffer::new();
        Self { interface, device, clock, sockets, memory, connections, waiting: 0, chunk }
    }

    /// Does what `request` asks for, if it can be done now; else its answer comes from [`Service::complete`].
    pub fn request(&mut self, request: Request) -> Option<Answer> {
        let Request { connection: number, operation } = request;
        let Some(Some(connection)) = self.connections.get(number) else { return Some(Answer::Refused) };
        if connection.wanted.is_some() {
            return Some(Answer::Refused);
        }
        let socket = connection.socket;
        let answer = self.attempt(number, socket, operation);
        if answer.is_none() {
            self.connections[number] = Some(Connection { socket, wanted: Some(operation) });
            self.waiting |= 1 << number;
        }
        answer
    }

    /// Takes in all frames that there are.
    pub fn take_frames(&mut self) {
        let Self { interface, device, clock, sockets, .. } = self;
        let now = clock.now();
        while interface.poll_ingress_single(now, device, sockets) != PollIngressSingleResult::None {}
    }

    /// Sends what the connections have to send.
    pub fn send_frames(&mut self) {
        let Self { interface, device, clock, sockets, .. } = self;
        interface.poll_egress(clock.now(), device, sockets);
    }

    /// Gives `answer` the connections whose operations are complete now.
    pub fn complete(&mut self, mut answer: impl FnMut(usize, Answer)) {
        let mut waiting = self.waiting;
        while waiting != 0 {
            let number = waiting.trailing_zeros() as usize;
            waiting &= waiting - 1;
            let Some(Connection { socket, wanted: Some(operation) }) = self.connections[number] else {
                continue;
            };
            if let Some(outcome) = self.attempt(number, socket, operation) {
                self.connections[number] = Some(Connection { socket, wanted: None });
                self.waiting &= !(1 << number);
                answer(number, outcome);
            }
        }
    }

    fn attempt(&mut self, number: usize, socket: SocketHandle, operation: Operation) -> Option<Answer> {
        let socket = self.sockets.get_mut::<Socket<'_>>(socket);
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
        let (mut open, mut waiting) = (0, 0);
        for connection in self.connections.iter().flatten() {
            let socket = self.sockets.get::<Socket<'_>>(connection.socket);
            open += u64::from(socket.is_open() && !socket.is_listening());
            waiting += u64::from(connection.wanted.is_some_and(|wanted| wanted != Operation::Accept));
        }
        Answer::Counted { open, waiting }
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
