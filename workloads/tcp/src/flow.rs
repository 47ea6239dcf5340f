//! Which connection a frame belongs to: read from its headers before the protocol stack sees it.

use smoltcp::socket::tcp::Socket;
use smoltcp::wire::{
    EthernetFrame, EthernetProtocol, IpAddress, IpProtocol, Ipv4Address, Ipv4Packet, TcpPacket,
};

/// A TCP connection as one side of it tells it from its others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    remote_address: Ipv4Address,
    remote_port: u16,
    local_port: u16,
}

impl Flow {
    /// The flow that `frame` came in on; `None` if it is no TCP segment in an IPv4 packet.
    #[must_use]
    pub fn of_frame(frame: &[u8]) -> Option<Self> {
        let frame = EthernetFrame::new_checked(frame).ok()?;
        if frame.ethertype() != EthernetProtocol::Ipv4 {
            return None;
        }
        let packet = Ipv4Packet::new_checked(frame.payload()).ok()?;
        if packet.next_header() != IpProtocol::Tcp {
            return None;
        }
        let segment = TcpPacket::new_checked(packet.payload()).ok()?;
        Some(Self {
            remote_address: packet.src_addr(),
            remote_port: segment.src_port(),
            local_port: segment.dst_port(),
        })
    }

    /// The flow of `socket`; `None` if it has no peer.
    #[must_use]
    pub fn of_socket(socket: &Socket<'_>) -> Option<Self> {
        let (local, remote) = (socket.local_endpoint()?, socket.remote_endpoint()?);
        let IpAddress::Ipv4(remote_address) = remote.addr;
        Some(Self { remote_address, remote_port: remote.port, local_port: local.port })
    }

    /// A number below `count` that differs for most flows which exist at once: ports of clients follow each other.
    #[must_use]
    pub const fn spread(self, count: usize) -> usize {
        self.remote_port as usize % count
    }
}
