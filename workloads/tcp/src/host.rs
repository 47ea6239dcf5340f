//! A host of the network: a protocol stack, and its connections.
//!
//! What a frame costs does not depend on how many connections there are. smoltcp asks every socket of a set whether a frame is for it, and whether
//! it has one to send; so each connection is a set of its own, a frame is given to the connection whose it is, and only
//! connections of which something has changed are asked for frames.

use core::array;
use core::mem;
use core::slice;

use rel4_runtime::frames::Port;
use rel4_runtime::interrupt::Notify;
use smoltcp::iface::{Context, Interface, PollIngressSingleResult, SocketHandle, SocketSet, SocketStorage};
use smoltcp::socket::tcp::{Socket, State};

use crate::address::Station;
use crate::clock::Clock;
use crate::connection_set::ConnectionSet;
use crate::device::Device;
use crate::flow::Flow;
use crate::layout::{MAX_CONNECTIONS, WIRE_CAPACITY};
use crate::room::Room;

/// Entries of the table of flows: twice as many as connections, so that few flows share one.
const HINTS: usize = 2 * MAX_CONNECTIONS;

/// A host. There is one in a process; it allocates nothing once it is made.
pub struct Host<'p, 'm, N> {
    interface: Interface,
    device: Device<'p, 'm, N>,
    clock: Clock,
    connections: [Option<Connection>; MAX_CONNECTIONS],
    all: ConnectionSet,
    /// For the flows that share an entry: the number of the connection at which one of them was found last.
    hints: [u8; HINTS],
    /// Connections that may have something to send.
    unsent: ConnectionSet,
}

impl<'p, 'm, N: Notify> Host<'p, 'm, N> {
    /// The host `station` with `count` connections, at most [`MAX_CONNECTIONS`], whose network is behind `port`. The same `seed` gives the
    /// same initial sequence numbers.
    #[must_use]
    pub fn new<const BYTES: usize>(
        station: Station,
        seed: u64,
        room: &'static mut Room<BYTES>,
        port: &'p Port<'m, N, WIRE_CAPACITY>,
        count: usize,
        clock: Clock,
    ) -> Self {
        let mut device = Device::new(port);
        let interface = station.interface(&mut device, clock.now(), seed);
        let mut sockets = room.divide().take(count);
        let connections =
            array::from_fn(|_| sockets.next().map(|(storage, socket)| Connection::new(storage, socket)));
        let all = ConnectionSet::below(count.min(MAX_CONNECTIONS));
        Self { interface, device, clock, connections, all, hints: [0; HINTS], unsent: ConnectionSet::EMPTY }
    }

    /// All connections.
    #[must_use]
    pub const fn all(&self) -> ConnectionSet {
        self.all
    }

    /// The sockets of all connections.
    pub fn sockets(&self) -> impl Iterator<Item = &Socket<'static>> {
        self.connections.iter().flatten().map(Connection::socket)
    }

    /// The socket of connection `number`, and what it takes to connect it; `None` if there is no such connection. Whoever does something to it that
    /// makes it send goes on with [`Host::send_later`].
    pub fn connection(&mut self, number: usize) -> Option<(&mut Socket<'static>, &mut Context)> {
        let connection = self.connections.get_mut(number)?.as_mut()?;
        Some((connection.sockets.get_mut(connection.handle), self.interface.context()))
    }

    /// Connection `number` may have something to send.
    pub const fn send_later(&mut self, number: usize) {
        self.unsent.insert(number);
    }

    /// Takes in the next frame, and tells the connections that it may have changed; `None` if there is no frame.
    pub fn take_frame(&mut self) -> Option<ConnectionSet> {
        let flow = Flow::of_frame(self.device.take_frame()?);
        let number = flow.and_then(|flow| self.find(flow));
        // No connection's: a neighbour's address, for which connections may wait, or a segment that smoltcp refuses.
        let changed = number.map_or(self.all, ConnectionSet::of);
        if let Some(Connection { sockets, .. }) = &mut self.connections[number.unwrap_or(0)] {
            let taken = self.interface.poll_ingress_single(self.clock.now(), &mut self.device, sockets);
            debug_assert_ne!(taken, PollIngressSingleResult::None);
        }
        self.unsent |= changed;
        Some(changed)
    }

    /// Sends what the connections have to send that changed since the last time.
    pub fn send_frames(&mut self) {
        if self.unsent.is_empty() {
            return;
        }
        let now = self.clock.now();
        for number in mem::take(&mut self.unsent) {
            if !self.device.has_room() {
                self.unsent.insert(number);
            } else if let Some(Connection { sockets, .. }) = &mut self.connections[number] {
                self.interface.poll_egress(now, &mut self.device, sockets);
            }
        }
    }

    /// Sends what is due by now on any connection: what was not acknowledged in time, and acknowledgments.
    pub fn send_what_is_due(&mut self) {
        self.unsent = self.all;
        self.send_frames();
    }

    /// The connection whose `flow` is, or else the first one that waits for a client.
    fn find(&mut self, flow: Flow) -> Option<usize> {
        let hint = &mut self.hints[flow.spread(HINTS)];
        let is =
            |number: usize| self.connections[number].as_ref().is_some_and(|connection| connection.has(flow));
        let known = usize::from(*hint);
        if is(known) {
            return Some(known);
        }
        let found = { self.all }.find(|&number| is(number));
        if let Some(found) = found {
            *hint = found as u8;
        }
        found.or_else(|| self.sockets().position(Socket::is_listening))
    }
}

struct Connection {
    sockets: SocketSet<'static>,
    handle: SocketHandle,
}

impl Connection {
    fn new(storage: &'static mut SocketStorage<'static>, socket: Socket<'static>) -> Self {
        let mut sockets = SocketSet::new(slice::from_mut(storage));
        let handle = sockets.add(socket);
        Self { sockets, handle }
    }

    fn socket(&self) -> &Socket<'static> {
        self.sockets.get(self.handle)
    }

    /// Whether it has a peer by `flow`. A socket that was closed or listens again may still know its last one.
    fn has(&self, flow: Flow) -> bool {
        let socket = self.socket();
        !matches!(socket.state(), State::Closed | State::Listen) && Flow::of_socket(socket) == Some(flow)
    }
}

#[cfg(test)]
mod tests;
