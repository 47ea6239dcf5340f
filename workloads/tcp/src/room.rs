//! The memory of a protocol stack's connections: all of it that there will ever be.

use smoltcp::iface::SocketStorage;
use smoltcp::socket::tcp::{Socket, SocketBuffer};

use crate::layout::MAX_CONNECTIONS;

type Buffers<const BYTES: usize> = [[u8; BYTES]; MAX_CONNECTIONS];

/// Room for [`MAX_CONNECTIONS`] connections, of `BYTES` in each direction.
pub struct Room<const BYTES: usize> {
    inbound: Buffers<BYTES>,
    outbound: Buffers<BYTES>,
    sockets: [SocketStorage<'static>; MAX_CONNECTIONS],
}

impl<const BYTES: usize> Room<BYTES> {
    /// Room in which nothing is yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            inbound: [[0; BYTES]; MAX_CONNECTIONS],
            outbound: [[0; BYTES]; MAX_CONNECTIONS],
            sockets: [SocketStorage::EMPTY; MAX_CONNECTIONS],
        }
    }

    /// The sockets, and where each of them goes: whoever makes a set of the latter adds the former.
    pub fn divide(
        &'static mut self,
    ) -> impl Iterator<Item = (&'static mut SocketStorage<'static>, Socket<'static>)> {
        let buffers = self.inbound.iter_mut().zip(&mut self.outbound);
        self.sockets.iter_mut().zip(buffers).map(|(storage, (inbound, outbound))| {
            let (inbound, outbound) = (&mut inbound[..], &mut outbound[..]);
            let mut socket = Socket::new(SocketBuffer::new(inbound), SocketBuffer::new(outbound));
            // A message leaves at once, whatever was not acknowledged yet.
            socket.set_nagle_enabled(false);
            (storage, socket)
        })
    }
}

impl<const BYTES: usize> Default for Room<BYTES> {
    fn default() -> Self {
        Self::new()
    }
}
