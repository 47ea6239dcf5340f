//! The network card: a virtio device behind memory-mapped registers.

#![allow(unsafe_code, reason = "buffers that a device reads and writes")]

use core::cell::RefCell;
use core::ptr::NonNull;

use rel4_abi::object::PAGE_BITS;
use rel4_runtime::frames::{FRAME_BYTES, Frame};
use virtio_drivers::device::net::VirtIONetRaw;
use virtio_drivers::transport::mmio::{MmioTransport, VirtIOHeader};

use super::dma::{self, Dma};
use super::probe::{REGISTERS, REGISTERS_BYTES};

/// Frames under way in each direction.
const QUEUE: usize = 32;
/// Bytes of a buffer: header and frame.
const BUFFER_BYTES: usize = 2048;
/// Buffers in a page.
const IN_PAGE: usize = (1 << PAGE_BITS) / BUFFER_BYTES;

type Buffer = &'static mut [u8; BUFFER_BYTES];
type Buffers = [Option<Buffer>; QUEUE];

/// The card, and its buffers, each of which is either the driver's or the card's.
pub(super) struct Card(RefCell<State>);

struct State {
    card: VirtIONetRaw<Dma, MmioTransport<'static>, QUEUE>,
    /// Buffers that the card fills, by the card's number for the request.
    receiving: Buffers,
    /// Buffers that the card reads, and how much of them, by the card's number for the request.
    sending: [Option<(Buffer, usize)>; QUEUE],
    /// Buffers to send from.
    free: Buffers,
}

impl Card {
    /// Sets the card up. It finds the driver's memory at `dma_paddr`, and its registers are `registers_offset` bytes into their page.
    ///
    /// # Panics
    ///
    /// If it is no card that this driver understands.
    pub(super) fn new(dma_paddr: u64, registers_offset: u64) -> Self {
        dma::set_paddr(dma_paddr);
        let registers = core::ptr::with_exposed_provenance_mut((REGISTERS + registers_offset) as usize);
        let header = NonNull::<VirtIOHeader>::new(registers).expect("the window is not at 0");
        // SAFETY: the root task has mapped the card's registers there, for as long as the process lives, and this is the only use.
        let transport =
            unsafe { MmioTransport::new(header, REGISTERS_BYTES) }.expect("the root task found a card");
        let card = VirtIONetRaw::new(transport).expect("the card takes the driver's features");
        let mut state = State {
            card,
            receiving: [const { None }; QUEUE],
            sending: [const { None }; QUEUE],
            free: [const { None }; QUEUE],
        };
        for index in 0..QUEUE / IN_PAGE {
            for (place, buffer) in take_buffers().into_iter().enumerate() {
                state.free[index * IN_PAGE + place] = Some(buffer);
            }
            take_buffers().into_iter().for_each(|buffer| state.lend(buffer));
        }
        state.card.enable_interrupts();
        Self(RefCell::new(state))
    }

    /// Takes the card's interrupt back.
    pub(super) fn take_interrupt_back(&self) {
        self.0.borrow_mut().card.ack_interrupt();
    }

    /// Whether a frame has come in.
    pub(super) fn has_frames(&self) -> bool {
        self.0.borrow().card.poll_receive().is_some()
    }

    /// Takes a frame that has come in, and tells its length. One that is longer than any is left out.
    pub(super) fn receive(&self, frame: &mut Frame) -> Option<usize> {
        let State { card, receiving, .. } = &mut *self.0.borrow_mut();
        loop {
            let token = card.poll_receive()?;
            let buffer = receiving.get_mut(usize::from(token))?.take()?;
            // SAFETY: the buffer is the one that was lent with this number.
            let received = unsafe { card.receive_complete(token, &mut buffer[..]) };
            let bytes =
                received.ok().and_then(|(header, length)| buffer.get(header..header.checked_add(length)?));
            let length = bytes.filter(|bytes| bytes.len() <= FRAME_BYTES).map(|bytes| {
                frame.bytes_mut()[..bytes.len()].copy_from_slice(bytes);
                bytes.len()
            });
            lend(card, receiving, buffer);
            if length.is_some() {
                return length;
            }
        }
    }

    /// Whether a frame can be sent.
    pub(super) fn has_room(&self) -> bool {
        let state = &mut *self.0.borrow_mut();
        state.collect();
        state.card.can_send() && state.free.iter().any(Option::is_some)
    }

    /// Sends the first `length` bytes of `frame`. Without room the frame is dropped, as networks do.
    pub(super) fn send(&self, frame: &Frame, length: usize) {
        let State { card, sending, free, .. } = &mut *self.0.borrow_mut();
        let Some(buffer) = free.iter_mut().find_map(Option::take) else { return };
        let header = card.fill_buffer_header(&mut buffer[..]).expect("a buffer has room for a header");
        let end = header + length.min(FRAME_BYTES);
        buffer[header..end].copy_from_slice(&frame.bytes()[..end - header]);
        // SAFETY: the buffer is put away until the card is done with it.
        match unsafe { card.transmit_begin(&buffer[..end]) } {
            Ok(token) => sending[usize::from(token)] = Some((buffer, end)),
            Err(_) => give_back(free, buffer),
        }
    }
}

impl State {
    fn lend(&mut self, buffer: Buffer) {
        lend(&mut self.card, &mut self.receiving, buffer);
    }

    /// Takes the buffers back that the card has sent.
    fn collect(&mut self) {
        while let Some(token) = self.card.poll_transmit() {
            let Some((buffer, end)) = self.sending.get_mut(usize::from(token)).and_then(Option::take) else {
                return;
            };
            // SAFETY: the bytes are those that were lent with this number. How many of them the card says it sent tells nothing.
            let _ = unsafe { self.card.transmit_complete(token, &buffer[..end]) };
            give_back(&mut self.free, buffer);
        }
    }
}

/// Lets the card fill `buffer`.
fn lend(
    card: &mut VirtIONetRaw<Dma, MmioTransport<'static>, QUEUE>,
    receiving: &mut Buffers,
    buffer: Buffer,
) {
    // SAFETY: the buffer is put away until the card is done with it.
    let token = unsafe { card.receive_begin(&mut buffer[..]) }.expect("there is a place for each buffer");
    receiving[usize::from(token)] = Some(buffer);
}

fn give_back(free: &mut Buffers, buffer: Buffer) {
    if let Some(place) = free.iter_mut().find(|place| place.is_none()) {
        *place = Some(buffer);
    }
}

/// The buffers of one page.
fn take_buffers() -> [Buffer; IN_PAGE] {
    let page = dma::take(1);
    core::array::from_fn(|index| {
        // SAFETY: the page is mapped, zero and given out once, so that this is the only reference to its part; it is never taken back.
        unsafe { page.add(index * BUFFER_BYTES).cast::<[u8; BUFFER_BYTES]>().as_mut() }
    })
}
