//! Frames of a network between two processes: a ring in each direction, whose items say how long the frames in the buffers beside it are.
//!
//! There are twice as many buffers as items. A buffer is written again only when the ring has taken as many more items as it holds, and
//! before that the consumer has given back the item of the frame *and the one after it*: so it has copied the frame.
//!
//! A peer is trusted with nothing but its own frames: lengths are checked, and what is received is a copy.

use core::cell::{Cell, RefCell};
use core::task::Waker;

use crate::dispatch::Source;
use crate::interrupt::Notify;
use crate::item::Item;
use crate::outbox::Outbox;
use crate::ring::{Consumer, Full, Ring};
use crate::sync::AtomicU64;
use crate::words::WordBuffer;

/// Words of the buffer of a frame.
const FRAME_WORDS: usize = 192;
/// Bytes of the longest frame.
pub const FRAME_BYTES: usize = FRAME_WORDS * size_of::<u64>();
/// A frame that is private to its process.
pub type Frame = WordBuffer<FRAME_WORDS>;

/// One direction.
#[derive(Clone, Copy, Debug)]
struct Lane<'m, const CAPACITY: usize> {
    ring: Ring<'m, CAPACITY>,
    buffers: &'m [[AtomicU64; FRAME_WORDS]],
}

impl<'m, const CAPACITY: usize> Lane<'m, CAPACITY> {
    const BUFFERS: usize = 2 * CAPACITY;
    const WORDS: usize = Ring::<CAPACITY>::WORDS + Self::BUFFERS * FRAME_WORDS;

    fn new(memory: &'m [AtomicU64]) -> Option<Self> {
        let (ring, buffers) = memory.split_at_checked(Ring::<CAPACITY>::WORDS)?;
        let (buffers, _) = buffers.as_chunks();
        Some(Self { ring: Ring::new(ring)?, buffers: buffers.get(..Self::BUFFERS)? })
    }

    /// The buffer of item number `index`.
    #[inline(always)]
    const fn buffer(&self, index: u64) -> &'m [AtomicU64; FRAME_WORDS] {
        &self.buffers[index as usize % Self::BUFFERS]
    }
}

/// A wire for frames, `CAPACITY` of which, a power of two, fit in each direction.
#[derive(Clone, Copy, Debug)]
pub struct Wire<'m, const CAPACITY: usize> {
    lanes: [Lane<'m, CAPACITY>; 2],
}

/// An end of a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The end of whoever uses the network.
    Near,
    /// The end of the network, or of what drives it.
    Far,
}

impl<'m, const CAPACITY: usize> Wire<'m, CAPACITY> {
    /// Words of shared memory that a wire takes.
    pub const WORDS: usize = 2 * Lane::<CAPACITY>::WORDS;

    /// The wire in the first [`Wire::WORDS`] of `memory`, which is zero before the first use and starts at a cache line; `None` if there are
    /// fewer.
    #[must_use]
    pub fn new(memory: &'m [AtomicU64]) -> Option<Self> {
        let (forth, back) = memory.split_at_checked(Lane::<CAPACITY>::WORDS)?;
        Some(Self { lanes: [Lane::new(forth)?, Lane::new(back)?] })
    }

    /// The end `end`, whose peer is woken by `peer`. A wire has one of each.
    #[must_use]
    pub const fn port<N: Notify>(self, end: End, peer: N) -> Port<'m, N, CAPACITY> {
        let [forth, back] = self.lanes;
        let (outgoing, incoming) = match end {
            End::Near => (forth, back),
            End::Far => (back, forth),
        };
        Port {
            sending: RefCell::new(Outbox::new(outgoing.ring.producer(), peer)),
            outgoing,
            receiving: RefCell::new(incoming.ring.consumer()),
            incoming,
            waker: RefCell::new(None),
            malformed: Cell::new(0),
        }
    }
}

/// One end of a wire, of one thread.
#[derive(Debug)]
pub struct Port<'m, N, const CAPACITY: usize> {
    sending: RefCell<Outbox<'m, N, CAPACITY>>,
    outgoing: Lane<'m, CAPACITY>,
    receiving: RefCell<Consumer<'m, CAPACITY>>,
    incoming: Lane<'m, CAPACITY>,
    waker: RefCell<Option<Waker>>,
    malformed: Cell<u64>,
}

impl<N: Notify, const CAPACITY: usize> Port<'_, N, CAPACITY> {
    /// True if a frame can be sent.
    #[inline]
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.sending.borrow_mut().has_room()
    }

    /// Sends the first `length` bytes of `frame`; at most all of them.
    ///
    /// # Errors
    ///
    /// [`Full`] if the peer has not made room.
    #[inline]
    pub fn send(&self, frame: &Frame, length: usize) -> Result<(), Full> {
        let outbox = &mut *self.sending.borrow_mut();
        // Without room the buffer may still be the peer's.
        if !outbox.has_room() {
            return Err(Full);
        }
        let length = length.min(FRAME_BYTES);
        frame.store(self.outgoing.buffer(outbox.sent()), length);
        outbox.send(&Item { task: length as u64, ..Item::default() })
    }

    /// Receives a frame and tells its length. One that is longer than any frame is left out.
    #[inline]
    pub fn receive(&self, frame: &mut Frame) -> Option<usize> {
        let consumer = &mut *self.receiving.borrow_mut();
        loop {
            let index = consumer.consumed();
            let item = consumer.pop()?;
            match usize::try_from(item.task) {
                Ok(length) if length <= FRAME_BYTES => {
                    frame.load(self.incoming.buffer(index), length);
                    return Some(length);
                }
                _ => self.malformed.set(self.malformed.get() + 1),
            }
        }
    }

    /// True if there is a frame to receive, or something that claims to be one.
    #[inline]
    #[must_use]
    pub fn has_frames(&self) -> bool {
        self.receiving.borrow_mut().has_items()
    }

    /// Makes `waker` the one that is woken by frames that come in.
    pub fn wake_by_frames(&self, waker: &Waker) {
        match &mut *self.waker.borrow_mut() {
            Some(known) => known.clone_from(waker),
            unknown => *unknown = Some(waker.clone()),
        }
    }

    /// Frames sent so far.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sending.borrow().sent()
    }

    /// Frames received so far.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.receiving.borrow().consumed()
    }

    /// Notifications sent so far.
    #[must_use]
    pub fn notifications(&self) -> u64 {
        self.sending.borrow().notifications()
    }

    /// What the peer did so far that an honest one does not: impossible indexes and lengths.
    #[must_use]
    pub fn violations(&self) -> u64 {
        self.malformed.get() + self.receiving.borrow().lies()
    }
}

impl<N: Notify, const CAPACITY: usize> Source for Port<'_, N, CAPACITY> {
    fn look(&self) -> bool {
        let found = self.has_frames();
        if found && let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
        found
    }

    fn flush(&self) {
        self.sending.borrow_mut().flush();
    }

    fn announce_asleep(&self) {
        self.receiving.borrow().flag().announce_asleep();
    }

    fn announce_awake(&self) {
        self.receiving.borrow().flag().announce_awake();
    }
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::Ordering;
    use std::vec::Vec;

    use super::*;

    const CAPACITY: usize = 4;
    type TestWire<'m> = Wire<'m, CAPACITY>;

    struct Bell;

    impl Notify for Bell {
        fn notify(&self) {}
    }

    fn memory() -> Vec<AtomicU64> {
        (0..TestWire::WORDS).map(|_| AtomicU64::new(0)).collect()
    }

    fn frame(content: &[u8]) -> Frame {
        let mut frame = Frame::new();
        frame.bytes_mut()[..content.len()].copy_from_slice(content);
        frame
    }

    #[test]
    fn frames_arrive_in_order_and_whole_in_both_directions() {
        let memory = memory();
        let wire = TestWire::new(&memory).expect("enough words");
        let (near, far) = (wire.port(End::Near, Bell), wire.port(End::Far, Bell));
        for round in 0..20_u8 {
            for (from, to) in [(&near, &far), (&far, &near)] {
                let sent = [round; FRAME_BYTES];
                let length = 60 + usize::from(round);
                from.send(&frame(&sent), length).expect("there is room");
                let mut received = Frame::new();
                assert_eq!(to.receive(&mut received), Some(length));
                assert_eq!(received.bytes()[..length], sent[..length]);
                assert_eq!(to.receive(&mut received), None);
            }
        }
    }

    #[test]
    fn a_frame_that_was_not_received_is_never_overwritten() {
        let memory = memory();
        let wire = TestWire::new(&memory).expect("enough words");
        let (near, far) = (wire.port(End::Near, Bell), wire.port(End::Far, Bell));
        for number in 0..CAPACITY as u8 {
            near.send(&frame(&[number; 8]), 8).expect("there is room");
        }
        assert!(!near.has_room());
        assert_eq!(near.send(&frame(&[9; 8]), 8), Err(Full));
        let mut received = Frame::new();
        for number in 0..CAPACITY as u8 {
            far.receive(&mut received).expect("it was sent");
            assert_eq!(received.bytes()[..8], [number; 8]);
            // The peer sends on while the copy is looked at.
            near.send(&frame(&[100; 8]), 8).expect("there is room");
        }
    }

    #[test]
    fn a_frame_that_claims_to_be_longer_than_any_is_left_out_and_counted() {
        let memory = memory();
        let wire = TestWire::new(&memory).expect("enough words");
        let (near, far) = (wire.port(End::Near, Bell), wire.port(End::Far, Bell));
        near.send(&frame(b"first"), 5).expect("there is room");
        near.send(&frame(b"second"), 6).expect("there is room");
        // The first word of the first item is the length; three lines of indexes and flags are before it.
        memory[24].store(FRAME_BYTES as u64 + 1, Ordering::Relaxed);
        let mut received = Frame::new();
        assert_eq!(far.receive(&mut received), Some(6));
        assert_eq!((received.bytes()[..6].to_vec(), far.violations()), (b"second".to_vec(), 1));
    }

    #[test]
    fn memory_that_is_too_small_holds_no_wire() {
        assert!(TestWire::new(&memory()[1..]).is_none());
    }
}
