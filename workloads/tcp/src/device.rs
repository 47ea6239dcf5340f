//! The end of a wire as the protocol stack sees it: a network device.

use rel4_runtime::frames::{Frame, Port};
use rel4_runtime::interrupt::Notify;
use smoltcp::phy::{self, DeviceCapabilities, Medium};
use smoltcp::time::Instant;

use crate::layout::WIRE_CAPACITY;

/// The longest Ethernet frame, header included, checksum left out.
const MAX_FRAME_BYTES: usize = 1514;

/// A network device that is the end of a wire. Frames are copied, each once, out of shared memory and to it.
///
/// A frame that comes in is taken first, for whoever has to know whose it is, and then received.
pub struct Device<'p, 'm, N> {
    port: &'p Port<'m, N, WIRE_CAPACITY>,
    incoming: Frame,
    /// Bytes of the frame that was taken and not received yet.
    taken: Option<usize>,
    outgoing: Frame,
}

impl<'p, 'm, N: Notify> Device<'p, 'm, N> {
    /// The device at `port`.
    #[must_use]
    pub const fn new(port: &'p Port<'m, N, WIRE_CAPACITY>) -> Self {
        Self { port, incoming: Frame::new(), taken: None, outgoing: Frame::new() }
    }

    /// Takes the next frame, to be received next, unless there is none or no room for an answer to it.
    pub fn take_frame(&mut self) -> Option<&[u8]> {
        if self.taken.is_none() && self.has_room() {
            self.taken = self.port.receive(&mut self.incoming);
        }
        self.taken.map(|length| &self.incoming.bytes()[..length])
    }

    /// Whether a frame can be sent.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.port.has_room()
    }
}

impl<'m, N: Notify> phy::Device for Device<'_, 'm, N> {
    type RxToken<'a>
        = Received<'a>
    where
        Self: 'a;
    type TxToken<'a>
        = Room<'a, 'm, N>
    where
        Self: 'a;

    fn receive(&mut self, _: Instant) -> Option<(Received<'_>, Room<'_, 'm, N>)> {
        let length = self.taken.take()?;
        let received = Received { frame: &self.incoming.bytes()[..length] };
        Some((received, Room { port: self.port, frame: &mut self.outgoing }))
    }

    fn transmit(&mut self, _: Instant) -> Option<Room<'_, 'm, N>> {
        self.port.has_room().then_some(Room { port: self.port, frame: &mut self.outgoing })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = MAX_FRAME_BYTES;
        capabilities
    }
}

/// A frame that came in.
pub struct Received<'a> {
    frame: &'a [u8],
}

impl phy::RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(self.frame)
    }
}

/// Room for a frame that goes out.
pub struct Room<'a, 'm, N> {
    port: &'a Port<'m, N, WIRE_CAPACITY>,
    frame: &'a mut Frame,
}

impl<N: Notify> phy::TxToken for Room<'_, '_, N> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, write: F) -> R {
        let result = write(&mut self.frame.bytes_mut()[..length]);
        // There was room when the token was made, and nobody else sends.
        let sent = self.port.send(self.frame, length);
        debug_assert!(sent.is_ok());
        result
    }
}
